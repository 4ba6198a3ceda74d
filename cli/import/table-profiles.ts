// A latency table as profiles: one for each column; columns of one device at several batch sizes are profiles of one
// target. What a table does not say (makers, runtimes, spreads, clocks) is null.
import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { type Profile, profileLimits, profileSchemaVersion } from '#core/dataset/profile.ts';
import type { ProfileTarget } from '#core/dataset/profile-target.ts';
import type { LatencyTable, TargetColumn } from '#core/dataset/table.ts';
import { targetId } from '#core/dataset/target-id.ts';
import { DomainError } from '#core/errors.ts';
import { uploadLimits } from '#core/intake/acceptance.ts';
import { usualInputSize } from '#core/search-space/network/input-size.ts';
import { searchSpace } from '#core/search-space/registry.ts';
import type { SearchSpaceId } from '#core/search-space/search-space.ts';
import type { Workload } from '#core/search-space/workload.ts';
import { importAgent } from '#core/targets/refresh-target.ts';

export interface TableProfile {
  /** Name of the column. */
  readonly column: string;
  readonly targetId: string;
  readonly measurements: number;
  /** gzip; the same table gives the same bytes. */
  readonly bytes: Uint8Array;
  /** SHA-256 of the bytes, hex. */
  readonly sha256: string;
}

/** The device and the batch size of a table's column; a number at the end of a name means nothing by itself. */
export const readingOf = ({ id, reading }: TargetColumn): { readonly device: string; readonly batchSize: number } => ({
  device: reading?.device ?? id,
  batchSize: reading?.batchSize ?? 1,
});

/** The target of a device that a table names: the same for all its batch sizes, and in every table. */
export function targetOfColumn(device: string): ProfileTarget {
  return {
    hardware: { vendor: null, model: device, cpu: null, cores: null, memoryMib: null, accelerator: null },
    runtime: { name: null, version: null, executionProvider: null, settings: {} },
    precision: null,
  };
}

/** The targets of the columns of a table, each once: fewer than columns where a device stands there at several batch
 * sizes. */
export const targetIdsOf = (table: LatencyTable): Set<string> =>
  new Set(table.targets.map((column) => targetId(targetOfColumn(readingOf(column).device))));

/** A table does not say the input size: it is the usual one of the space. */
export function workloadOfColumn(id: SearchSpaceId, batchSize = 1): Workload {
  return { searchSpace: id, inputSize: usualInputSize(searchSpace(id)), batchSize };
}

/** @throws DomainError `invalid-table` for a column without any latency, or with more than one profile can hold */
export function tableProfile(table: LatencyTable, column: string): TableProfile {
  const own = table.targets.find(({ id }) => id === column)!;
  const { latencyMs } = own;
  const { device, batchSize } = readingOf(own);
  const target = targetOfColumn(device);
  const rows = [...latencyMs.keys()].filter((row) => !Number.isNaN(latencyMs[row]));
  const allowed = `a profile holds 1 to ${profileLimits.measurements}`;
  if (rows.length === 0 || rows.length > profileLimits.measurements) {
    throw new DomainError('invalid-table', `${table.file}: '${column}' has ${rows.length} latencies; ${allowed}`);
  }
  const unknown = { frequencyMhz: null, load1: null, temperatureC: null };
  const profile: Profile = {
    schemaVersion: profileSchemaVersion,
    target,
    context: {
      agentVersion: `${importAgent} 2`,
      deviceId: null,
      kernel: null,
      governor: null,
      before: unknown,
      after: unknown,
      clock: { source: null, resolutionNs: null, startedAt: null, endedAt: null },
    },
    workloads: [workloadOfColumn(table.searchSpace, batchSize)],
    descriptor: null,
    measurements: rows.map((row) => ({
      workload: 0,
      architecture: table.texts[row]!,
      latency: { medianMs: latencyMs[row]!, trimmedMeanMs: null, spreadMs: null },
      runs: null,
      stable: null,
    })),
  };
  const bytes = gzipSync(JSON.stringify(profile), { level: 6 });
  if (bytes.length > uploadLimits.compressedBytes) {
    const most = `at most ${uploadLimits.compressedBytes}`;
    throw new DomainError(
      'invalid-table',
      `${table.file}: '${column}' makes a profile of ${bytes.length} bytes; ${most}`,
    );
  }
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  return { column, targetId: targetId(target), measurements: rows.length, bytes, sha256 };
}
