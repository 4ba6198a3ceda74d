// What the report draws is what the evaluation scored: the same support sets, the same predictions, the same intervals.
import { expect, test } from 'vitest';
import type { Predictor } from '#core/predictor/bundle.ts';
import { type EvaluationPlan, evaluate } from '#core/predictor/evaluation/held-out-evaluation.ts';
import { nasbench201 } from '#core/search-space/nasbench201/space.ts';
import { predictionsForReport } from '#core/training/evaluation/report-predictions.ts';
import { relativeErrors, shareWithin } from '#report/relative-errors.ts';
import { range, reference, referenceForward, referenceParameters } from '../../predictor/reference.ts';

/** Architectures are the rows of the reference's forward pass. */
const predictor: Predictor = {
  identity: { searchSpace: 'nasbench201', version: '0', hash: '0' },
  space: { ...nasbench201, encode: (all) => new Float32Array(64 * all.length) },
  parameters: referenceParameters,
  forward: (architectures) =>
    Promise.resolve(
      referenceForward(
        1,
        architectures.map((a) => a[0]!),
      ),
    ),
  close: () => Promise.resolve(),
};
const latencyMs = Float64Array.from(reference.targets[0]!.latencyMs).fill(Number.NaN, 40, 45);
const plan: EvaluationPlan = {
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
