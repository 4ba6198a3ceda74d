// The measurements that come with the project, as targets to serve and to train on.
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { type LatencyTable, parseLatencyTable } from '#core/dataset/table.ts';
import type { Measured } from '#core/predictor/types.ts';
import { searchSpace } from '#core/search-space/registry.ts';
import type { SearchSpaceId } from '#core/search-space/search-space.ts';
import type { TargetFacts } from '#core/service/register-target.ts';

/** Measurements that an adaptation rests on. From here on more of them do not make predictions of these targets better,
 * and narrow the intervals below what the predictor can know. */
const adaptedFrom = 200;

export async function readShippedTable(id: SearchSpaceId): Promise<LatencyTable> {
  const name = `data/latency-${id}.csv.gz`;
  const text = await promisify(gunzip)(await readFile(new URL(`../../${name}`, import.meta.url)));
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

/** Evenly spaced rows of the table that have a latency, at most `adaptedFrom`. */
export function measurementsOf(table: LatencyTable, targetId: string): Measured[] {
  const { latencyMs } = table.targets.find(({ id }) => id === targetId)!;
  const rows = [...latencyMs.keys()].filter((row) => !Number.isNaN(latencyMs[row]));
  const count = Math.min(rows.length, adaptedFrom);
  return Array.from({ length: count }, (_, i) => {
    const row = rows[Math.floor((i * rows.length) / count)]!;
    return { architecture: table.architectures[row]!, latencyMs: latencyMs[row]! };
  });
}

/** `titanx_32` → `titanx, batch size 32`, as data/README.md says how columns are named. */
function titleOf(id: string): string {
  const [, device, batch] = /^(.+)_(1|32|64|256)$/.exec(id) ?? [];
  return device === undefined || device === 'essential_ph' ? id : `${device}, batch size ${batch}`;
}
