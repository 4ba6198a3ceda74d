// What the report draws is what the evaluation scored: the same support sets, the same predictions, the same intervals.
import { expect, test, vi } from 'vitest';
import { forwardRows } from '#core/predictor/adaptation/leave-one-out.ts';
import { type EvaluationPlan, evaluate } from '#core/predictor/evaluation/held-out-evaluation.ts';
import type { NetworkSet, Predictor } from '#core/predictor/types.ts';
import { seededRandom } from '#core/random.ts';
import { predictionsForReport } from '#core/training/evaluation/report-predictions.ts';
import { relativeErrors, shareWithin } from '#report/relative-errors.ts';

const random = seededRandom(1);
const [rows, P] = [70, 3];
const lnMean = Float32Array.from({ length: rows }, () => random.normal());
const phi = Float32Array.from({ length: rows * P }, () => 0.2 * random.normal());
const latencyMs = Float64Array.from({ length: rows }, (_, row) => {
  const relative = 1 + [0.5, -0.8, 0.3].reduce((sum, w, p) => sum + w * phi[row * P + p]!, 0);
  return 4 * Math.exp(lnMean[row]!) * relative * (1 + 0.05 * random.normal());
}).fill(Number.NaN, 40, 45);

const twice = (values: Float32Array, width: number): Float32Array =>
  Float32Array.from(
    { length: 2 * values.length },
    (_, i) => values[Math.floor(i / (2 * width)) * width + (i % width)]!,
  );

/** Architectures are the rows of a forward pass with two heads, which are the same. */
const predictor = {
  identity: { version: '0', hash: '0' },
  parameters: {
    lowerings: ['eager'],
    featureDimension: P,
    noiseLevels: [0.01, 0.1],
    logPriors: [0, 1].map(() => [Math.log(0.25), Math.log(0.25)]),
  },
  forward: (sets: readonly NetworkSet[]) =>
    Promise.resolve(
      forwardRows(
        { count: rows, lnMean: twice(lnMean, 1), phi: twice(phi, P) },
        sets.flatMap(({ architectures }) => architectures.map((architecture) => architecture[0]!)),
      ),
    ),
  close: () => Promise.resolve(),
} as unknown as Predictor;
const range = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, i) => from + i);
// Connected whatever its bytes say.
vi.mock('#core/search-space/registry.ts', async (original) => {
  const registry = await original<typeof import('#core/search-space/registry.ts')>();
  return {
    ...registry,
    searchSpace: (id: string) => ({
      ...registry.searchSpace(id),
      isConnected: () => true,
      encode: (all: readonly unknown[]) => new Float32Array(64 * all.length),
    }),
  };
});
const plan: EvaluationPlan = {
  workload: { searchSpace: 'nasbench201', inputSize: 32, batchSize: 1 },
  architectures: range(0, 70).map((row) => Uint8Array.of(row)),
  targets: [{ id: 'a', latencyMs }],
  supportRows: range(0, 30),
  testRows: range(30, 70),
  allRows: range(30, 70),
  measurements: [3, 10],
  selections: ['random', 'chosen'],
  repeats: 1,
  seed: 1,
  methods: ['sugarbush'],
};

for (const selection of ['random', 'chosen'] as const) {
  test(`after 10 ${selection} measurements`, async () => {
    const results = await evaluate(predictor, plan);
    const scored = results.find((r) => r.measurements === 10 && r.selection === selection)!;
    const { predictions, coverage } = await predictionsForReport(predictor, plan, { measurements: 10, selection });
    expect(predictions[0]!.measuredMs).toEqual(
      range(30, 70).flatMap((row) => (row >= 40 && row < 45 ? [] : latencyMs[row]!)),
    );
    const errors = relativeErrors(predictions[0]!);
    expect(shareWithin(errors, 0.1)).toBeCloseTo(scored.within10, 12);
    expect(shareWithin(errors, 0.05)).toBeCloseTo(scored.within5, 12);
    expect(coverage.find((c) => c.confidence === 0.9)!.observed).toBeCloseTo(scored.coverage90, 12);
    const observed = coverage.map((c) => c.observed);
    expect(observed).toEqual(observed.toSorted((a, b) => a - b));
  });
}
