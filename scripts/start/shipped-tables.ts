// The measurements that come with the project, as targets to serve and to train on.
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { type LatencyTable, parseLatencyTable } from '#core/dataset/table.ts';
import type { Measured } from '#core/predictor/types.ts';
import { searchSpace } from '#core/search-space/registry.ts';
import type { SearchSpaceId } from '#core/search-space/search-space.ts';
import type { TargetFacts } from '#core/service/register-target.ts';

/** Compressed with gzip, as it lies in data/. */
export async function shippedTableFile(id: SearchSpaceId): Promise<Uint8Array> {
  return readFile(new URL(`../../data/latency-${id}.csv.gz`, import.meta.url));
}

export async function readShippedTable(id: SearchSpaceId): Promise<LatencyTable> {
  const name = `data/latency-${id}.csv.gz`;
  const text = await promisify(gunzip)(await shippedTableFile(id));
  return parseLatencyTable(text.toString('utf8'), { file: name, space: searchSpace(id) });
}

export function factsOf(table: LatencyTable): TargetFacts[] {
  return table.targets.map(({ id, latencyMs }) => {
    const excluded = table.exclusions.filter(({ target }) => target === id).map(({ reason, count }) => [reason, count]);
    return {
      searchSpace: table.searchSpace,
      targetId: id,
      title: titleOf(id),
      source: 'table',
      measurements: latencyMs.filter((value) => !Number.isNaN(value)).length,
      excluded: Object.fromEntries(excluded),
      quality: 'good',
    };
  });
}

/** The rows of the table that have a latency. */
export function measurementsOf(table: LatencyTable, targetId: string): Measured[] {
  const { latencyMs } = table.targets.find(({ id }) => id === targetId)!;
  return table.architectures.flatMap((architecture, row) =>
    Number.isNaN(latencyMs[row]) ? [] : [{ architecture, latencyMs: latencyMs[row]! }],
  );
}

/** `titanx_32` → `titanx, batch size 32`, as data/README.md says how columns are named. */
function titleOf(id: string): string {
  const [, device, batch] = /^(.+)_(1|32|64|256)$/.exec(id) ?? [];
  return device === undefined || device === 'essential_ph' ? id : `${device}, batch size ${batch}`;
}
