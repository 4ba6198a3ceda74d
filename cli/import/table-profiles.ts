// A latency table as profiles: one for each column. What a table does not say (makers, runtimes, spreads, clocks) is
// null.
import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { type Profile, type ProfileTarget, profileLimits } from '#core/dataset/profile.ts';
import type { LatencyTable } from '#core/dataset/table.ts';
import { targetId } from '#core/dataset/target-id.ts';
import { DomainError } from '#core/errors.ts';
import { uploadLimits } from '#core/intake/acceptance.ts';
import { usualInputSize } from '#core/search-space/network/input-size.ts';
import { searchSpace } from '#core/search-space/registry.ts';
import type { SearchSpaceId } from '#core/search-space/search-space.ts';
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

/**
 * The target of a table's column. A table does not say the input size: it is the usual one of the space.
 * @param device name of the device; a number at its end means nothing
 * @param batchSize images per inference
 */
export function targetOfColumn(device: string, id: SearchSpaceId, batchSize = 1): ProfileTarget {
  return {
    hardware: { vendor: null, model: device, cpu: null, cores: null, memoryMib: null, accelerator: null },
    runtime: { name: null, version: null, executionProvider: null, settings: {} },
    workload: {
      searchSpace: id,
      inputSize: usualInputSize(searchSpace(id)),
      batchSize,
      precision: null,
    },
  };
}

/** @throws DomainError `invalid-table` for a column without any latency, or with more than one profile can hold */
export function tableProfile(table: LatencyTable, column: string): TableProfile {
  const { latencyMs, reading } = table.targets.find(({ id }) => id === column)!;
  const target = targetOfColumn(reading?.device ?? column, table.searchSpace, reading?.batchSize);
  const rows = [...latencyMs.keys()].filter((row) => !Number.isNaN(latencyMs[row]));
  const allowed = `a profile holds 1 to ${profileLimits.measurements}`;
  if (rows.length === 0 || rows.length > profileLimits.measurements) {
    throw new DomainError('invalid-table', `${table.file}: '${column}' has ${rows.length} latencies; ${allowed}`);
  }
  const unknown = { frequencyMhz: null, load1: null, temperatureC: null };
  const profile: Profile = {
    schemaVersion: 1,
    target,
    context: {
      agentVersion: `${importAgent} 1`,
      deviceId: null,
      kernel: null,
      governor: null,
      before: unknown,
      after: unknown,
      clock: { source: null, resolutionNs: null, startedAt: null, endedAt: null },
    },
    descriptor: null,
    measurements: rows.map((row) => ({
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
