// Hand-made kernels, and small made-up training data of two lowerings.

import type { Kernel } from '#core/graph/kernel.ts';
import type { EpisodeData } from '#core/predictor/fitting/episodes.ts';
import { kernelTable } from '#core/predictor/kernels/kernel-table.ts';
import { seededRandom } from '#core/random.ts';

/** 3×3 convolution of 16 → 32 channels at 8 × 8, its ReLU fused. */
export const convolution: Kernel = {
  kind: 'convolution',
  operator: 'Conv',
  type: 'float32',
  batch: 1,
  inputChannels: 16,
  outputChannels: 32,
  inputPositions: 64,
  outputPositions: 64,
  window: [3, 3],
  stride: 1,
  dilation: 1,
  groups: 1,
  macs: 294_912,
  weightBytes: 18_432,
  inputBytes: 4096,
  outputBytes: 8192,
  activation: 'Relu',
  addends: 0,
  blocked: false,
};

/** Sum of two maps of 32 channels at 8 × 8. */
export const sum: Kernel = {
  ...convolution,
  kind: 'sum',
  operator: 'Add',
  inputChannels: 32,
  window: [1, 1],
  macs: 2048,
  weightBytes: 0,
  inputBytes: 16_384,
  activation: undefined,
};

export const pool: Kernel = {
  ...sum,
  kind: 'pool',
  operator: 'MaxPool',
  window: [2, 2],
  stride: 2,
  inputBytes: 32_768,
};

const networks = 20;

/** Twenty networks of `narrow`, `wide` convolutions and sums; a target that prices them 1, 3 and 0.5 ms and a run 2 ms,
 * one at batch size 32 with a gap, and a second group without targets. */
export function tinyData(): EpisodeData {
  const table = kernelTable();
  const random = seededRandom(1);
  const wide: Kernel = { ...convolution, outputChannels: 128, macs: 4 * convolution.macs };
  const drawn = Array.from(
    { length: networks },
    () => [1, 2, 3].map(() => 1 + random.integer(6)) as [number, number, number],
  );
  const rows = drawn.map(([a, b, c]) => {
    const launches = [
      { kernel: convolution, count: a },
      { kernel: wide, count: b },
      { kernel: sum, count: c },
    ];
    // The other lowering launches a sum's part by itself.
    return [table.row(launches), table.row([...launches, { kernel: pool, count: c }])];
  });
  const one = Float64Array.from(drawn, ([a, b, c]) => 2 + a + 3 * b + 0.5 * c);
  const gap = one.map((value, i) => (i === 3 ? Number.NaN : value * 20));
  return {
    lowerings: ['eager', 'fused'],
    kernels: table.kernels,
    groups: [
      {
        id: 'measured',
        weight: 3,
        networks: rows,
        families: rows.map((_, i) => `family ${i % 4}`),
        targets: [
          { id: 'one', batch: 1, latencyMs: one },
          { id: 'gap', batch: 32, latencyMs: gap },
        ],
      },
      { id: 'unmeasured', weight: 1, networks: rows, families: rows.map(() => 'all'), targets: [] },
    ],
  };
}
