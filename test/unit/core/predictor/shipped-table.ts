// A small real pool to train on: the first rows of a shipped table.
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { parseLatencyTable } from '#core/dataset/table.ts';
import type { TrainingTarget } from '#core/predictor/fitting/episodes.ts';
import { searchSpace } from '#core/search-space/registry.ts';
import type { SearchSpaceId } from '#core/search-space/search-space.ts';

export function shippedPool(id: SearchSpaceId, targets: readonly string[], rows: number) {
  const space = searchSpace(id);
  const bytes = readFileSync(new URL(`../../../../data/latency-${id}.csv.gz`, import.meta.url));
  // The header and as many lines as rows: parsing the whole table would take longer than the test.
  const lines = gunzipSync(bytes)
    .toString('utf8')
    .split('\n')
    .slice(0, rows + 1);
  const table = parseLatencyTable(`${lines.join('\n')}\n`, { file: `latency-${id}.csv`, space });
  return {
    space,
    architectures: table.architectures,
    targets: targets.map((target): TrainingTarget => table.targets.find((t) => t.id === target)!),
  };
}
