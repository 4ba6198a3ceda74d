// One fit in a process of its own, so that it can be held to one core: `node training-fit.ts SEARCH_SPACE STEPS SEED`.
// Trains on the published split of a shipped table and prints its times as JSON.
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { parseLatencyTable } from '#core/dataset/table.ts';
import { fitKernelPredictor } from '#core/predictor/fitting/fit-predictor.ts';
import { searchSpace } from '#core/search-space/registry.ts';
import { defaultSplits } from '../evaluate/default-splits.ts';
import { tableEpisodes } from '../evaluate/table-networks.ts';

export interface FitTimes {
  readonly seconds: number;
  /** CPU time of this process, all its threads, during the fit. */
  readonly cpuSeconds: number;
  /** Milliseconds a step, one for each report but the first: drawing the episodes, forward, backward,
   * AdamW. */
  readonly stepMs: readonly number[];
}

const [id, steps, seed] = process.argv.slice(2) as [string, string, string];
const space = searchSpace(id);
const url = new URL(`../../data/latency-${space.id}.csv.gz`, import.meta.url);
const text = gunzipSync(readFileSync(url)).toString('utf8');
const table = parseLatencyTable(text, { file: `latency-${space.id}.csv.gz`, space });
const split = defaultSplits[space.id];
const rows = split.trainRows.last + 1;
const data = tableEpisodes(
  table,
  split.train,
  Array.from({ length: rows }, (_, row) => row),
);

const now = (): number => Number(process.hrtime.bigint()) / 1e6;
const stepMs: number[] = [];
const cpuBefore = process.cpuUsage();
const started = now();
let called: { at: number; step: number } | undefined;
await fitKernelPredictor({
  data,
  seed: Number(seed),
  steps: Number(steps),
  onProgress: ({ step }) => {
    const at = now();
    if (called) stepMs.push((at - called.at) / (step - called.step));
    called = { at, step };
  },
});
const seconds = (now() - started) / 1000;
const { user, system } = process.cpuUsage(cpuBefore);
console.log(JSON.stringify({ seconds, cpuSeconds: (user + system) / 1e6, stepMs } satisfies FitTimes));
