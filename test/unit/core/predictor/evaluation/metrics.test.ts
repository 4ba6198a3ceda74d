// Measures of accuracy, worked out by hand.
import { describe, expect, test } from 'vitest';
import { accuracy, pointAccuracy, withoutExtremes } from '#core/predictor/evaluation/metrics.ts';

const of = (...values: number[]) => Float64Array.from(values);

test('without the fastest and the slowest tenth: from ⌊n/10⌋ to ⌊9n/10⌋', () => {
  const latencyMs = of(...Array.from({ length: 30 }, (_, i) => 100 - i));
  const slowFirst = Array.from({ length: 20 }, (_, i) => i);
  // Rows 18 and 19 are the fastest two of twenty, 0 and 1 the slowest.
  expect(withoutExtremes(slowFirst, latencyMs)).toEqual(slowFirst.slice(2, 18).toReversed());
  expect(withoutExtremes([5, 3, 9], latencyMs)).toEqual([9, 5]);
  expect(withoutExtremes([], latencyMs)).toEqual([]);
});

describe('accuracy', () => {
  // Row 2 was not measured.
  const measured = of(10, 20, Number.NaN, 40, 50, 100);
  const predicted = {
    latencyMs: of(10, 20.8, 5, 44.4, 54, 80),
    lowMs: of(10, 21, 0, 30, 51, 10),
    highMs: of(11, 30, 9, 40, 60, 99),
  };
  const all = [0, 1, 2, 3, 4, 5];

  test('shares, median and coverage over all measured rows', () => {
    const found = accuracy(measured, predicted, { trimmed: all, all });
    // Errors 0, .04, –, .11, .08, .2.
    expect(found.within5).toBeCloseTo(2 / 5, 12);
    expect(found.within10).toBeCloseTo(3 / 5, 12);
    expect(found.medianApe).toBeCloseTo(0.08, 12);
    // Rows 0 (at the lower end) and 3 (at the upper end) are inside.
    expect(found.coverage90).toBeCloseTo(2 / 5, 12);
    expect(found.spearman).toBeCloseTo(1, 12);
  });

  test('the trimmed rank correlation has its own rows', () => {
    const misordered = { ...predicted, latencyMs: of(10, 21, 5, 20, 54, 80) };
    const found = accuracy(measured, misordered, { trimmed: [0, 1, 2, 3], all });
    // Rows 0, 1 and 3: the slowest of three goes (⌊27/10⌋ = 2), which leaves 0 and 1.
    expect(found.spearmanTrimmed).toBeCloseTo(1, 12);
    expect(found.spearman).toBeCloseTo(1 - (6 * 2) / (5 * 24), 12);
    expect(accuracy(measured, misordered, { trimmed: [1, 3, 4, 5], all }).spearmanTrimmed).toBeCloseTo(0.5, 12);
  });
});

test('single numbers: shares of the rows asked for that were measured', () => {
  // Errors of rows 0, 1, 3, 4: 0.5 %, 4 %, 11 %, 8 %; row 2 was not measured, row 5 is not asked for.
  const measured = of(100, 100, Number.NaN, 100, 200, 1);
  const predicted = of(100.5, 96, 1, 111, 216, 9);
  const found = pointAccuracy(measured, predicted, [0, 1, 2, 3, 4]);
  expect(found).toMatchObject({ within1: 0.25, within5: 0.5, within10: 0.75 });
  expect(found.medianApe).toBeCloseTo(0.06, 12);
  // Ranks of the measured 2, 2, 2, 4 (ties share 2), of the predicted 2, 1, 3, 4: 3 / √(3 · 5).
  expect(found.spearman).toBeCloseTo(3 / Math.sqrt(15), 12);
});
