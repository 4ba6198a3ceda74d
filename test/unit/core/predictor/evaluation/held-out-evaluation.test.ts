// The yardstick is honest: nothing of a test target but its k measurements moves a prediction.
import { describe, expect, test } from 'vitest';
import {
  type EvaluationPlan,
  evaluate,
  meanAccuracy,
  supportOrder,
  supportOrderOf,
  supportSets,
} from '#core/predictor/evaluation/held-out-evaluation.ts';
import type { PredictorParameters } from '#core/predictor/predictor-parameters.ts';
import type { GraphSet, NetworkSet, Predictor } from '#core/predictor/types.ts';
import { range, reference, referenceForward, referenceParameters } from '../reference.ts';

/** Architectures are the rows of the reference's forward pass. */
const predictor: Predictor = {
  identity: { version: '0', hash: '0' },
  parameters: referenceParameters as PredictorParameters,
  forward: (sets: readonly (NetworkSet | GraphSet)[]) =>
    Promise.resolve(
      referenceForward(
        1,
        sets.flatMap((set) => ('architectures' in set ? set.architectures.map((a) => a[0]!) : [])),
      ),
    ),
  moments: () => Promise.reject(new Error('no kernels here')),
  prices: () => Promise.reject(new Error('no kernels here')),
  close: () => Promise.resolve(),
};
const latencyMs = Float64Array.from(reference.targets[0]!.latencyMs);
const plan: EvaluationPlan = {
  // Whose architectures are all connected.
  workload: { searchSpace: 'fbnet', inputSize: 224, batchSize: 1 },
  architectures: range(0, 70).map((row) => Uint8Array.of(row)),
  targets: [{ id: 'a', latencyMs }],
  supportRows: range(0, 30),
  testRows: range(30, 50),
  allRows: range(30, 70),
  measurements: [3, 10],
  selections: ['random', 'chosen'],
  repeats: 4,
  seed: 1,
  methods: ['sugarbush'],
};
const evaluated = (change: Partial<EvaluationPlan>) => evaluate(predictor, { ...plan, ...change });
const withLatency = (ms: Float64Array): Partial<EvaluationPlan> => ({ targets: [{ id: 'a', latencyMs: ms }] });

test('one result for each count, selection and target, in that order', async () => {
  const results = await evaluated({
    targets: [
      { id: 'a', latencyMs },
      { id: 'b', latencyMs },
    ],
  });
  expect(results.map((r) => [r.measurements, r.selection, r.target, r.repeats])).toEqual([
    [3, 'random', 'a', 4],
    [3, 'random', 'b', 4],
    [3, 'chosen', 'a', 1],
    [3, 'chosen', 'b', 1],
    [10, 'random', 'a', 4],
    [10, 'random', 'b', 4],
    [10, 'chosen', 'a', 1],
    [10, 'chosen', 'b', 1],
  ]);
  // Every target is measured at the same architectures.
  expect({ ...results[0], target: '' }).toEqual({ ...results[1], target: '' });
});

test('the same seed gives the same numbers, another other draws', async () => {
  expect(await evaluated({})).toEqual(await evaluated({}));
  const [first, other] = [await evaluated({}), await evaluated({ seed: 2 })];
  expect(other[0]!.medianApe).not.toBe(first[0]!.medianApe);
  expect(other[1]).toEqual(first[1]);
});

describe('a prediction depends on the support rows only', () => {
  test('rows of the test set can change without moving any other row’s score', async () => {
    // Scored on rows 30–49; rows 50–69 are somebody else's.
    const scored = { testRows: range(30, 50), allRows: range(30, 50) };
    const changed = latencyMs.map((ms, row) => (row >= 50 ? 1000 * ms : ms));
    expect(await evaluated({ ...scored, ...withLatency(changed) })).toEqual(await evaluated(scored));
  });

  test('measurements of the support rows do move it', async () => {
    const changed = latencyMs.map((ms, row) => (row < 30 ? ms * (1 + (row % 3)) : ms));
    expect(await evaluated(withLatency(changed))).not.toEqual(await evaluated({}));
  });
});

test('measurements that are missing are replaced by others of the support rows', async () => {
  const sparse = latencyMs.map((ms, row) => (row % 2 === 0 ? Number.NaN : ms));
  for (const result of await evaluated(withLatency(sparse))) {
    expect(Number.isFinite(result.spearman)).toBe(true);
    expect(result.coverage90).toBeGreaterThan(0);
  }
});

test('more measurements predict better', async () => {
  const [few, many] = await evaluated({ measurements: [3, 30], selections: ['random'] });
  expect(many!.medianApe).toBeLessThan(0.5 * few!.medianApe);
  expect(many!.spearman).toBeGreaterThan(few!.spearman);
});

test('the mean of scores, measure by measure', () => {
  const score = (value: number) => ({
    spearmanTrimmed: value,
    spearman: 2 * value,
    within5: 3 * value,
    within10: 4 * value,
    medianApe: 5 * value,
    coverage90: 6 * value,
  });
  expect(meanAccuracy([score(0.5), score(1.5)])).toEqual(score(1));
});

describe('a target that lacks rows', () => {
  const without = (lacks: (row: number) => boolean) => latencyMs.map((ms, row) => (lacks(row) ? Number.NaN : ms));

  test('is still measured as often as is said', async () => {
    const scarce = { id: 'scarce', latencyMs: without((row) => row < 30 && row % 3 !== 0) };
    const common = await supportOrder(predictor, plan);
    expect(common.filter((row) => row % 3 === 0).length).toBeLessThan(10);
    const order = await supportOrderOf(predictor, plan, scarce, common);
    for (const selection of ['random', 'chosen'] as const) {
      for (const rows of supportSets(plan, scarce, 10, selection, order)) {
        expect([...rows].sort((a, b) => a - b)).toEqual([0, 3, 6, 9, 12, 15, 18, 21, 24, 27]);
      }
    }
  });

  test('keeps the common order where that is enough', async () => {
    const common = await supportOrder(predictor, plan);
    const target = { id: 'b', latencyMs: without((row) => common.slice(0, 5).includes(row)) };
    expect(await supportOrderOf(predictor, plan, target, common)).toBe(common);
    expect(supportSets(plan, target, 10, 'chosen', common)).toEqual([common.slice(5, 15)]);
  });

  test('is refused where it has fewer than asked for', async () => {
    const few = withLatency(without((row) => row >= 9 && row < 30));
    const refusal = { code: 'too-few-measurements', message: expect.stringContaining("'a'") };
    await expect(evaluated({ ...few, selections: ['random'] })).rejects.toMatchObject(refusal);
    await expect(evaluated({ ...few, selections: ['chosen'] })).rejects.toMatchObject(refusal);
  });
});
