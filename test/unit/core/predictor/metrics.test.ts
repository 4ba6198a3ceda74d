// Measures of accuracy, worked out by hand.
import { describe, expect, test } from 'vitest';
import { accuracy, median, pearson, ranks, spearman, withoutExtremes } from '#core/predictor/metrics.ts';

const of = (...values: number[]) => Float64Array.from(values);

test('ranks start at 1, ties share their mean', () => {
  expect([...ranks(of(30, 10, 20))]).toEqual([3, 1, 2]);
  expect([...ranks(of(5, 1, 5, 5, 0))]).toEqual([4, 2, 4, 4, 1]);
  expect([...ranks(of(7, 7))]).toEqual([1.5, 1.5]);
  expect([...ranks(of())]).toEqual([]);
});

describe('Spearman', () => {
  test('without ties: 1 − 6 Σd² / n(n² − 1)', () => {
    // Differences of ranks 1, −1, 1, −1, 0.
    expect(spearman(of(20, 10, 40, 30, 50), of(1, 2, 3, 4, 5))).toBeCloseTo(1 - (6 * 4) / (5 * 24), 12);
    expect(spearman(of(1, 2, 3), of(10, 20, 1e6))).toBeCloseTo(1, 12);
    expect(spearman(of(1, 2, 3), of(-1, -2, -3))).toBeCloseTo(-1, 12);
  });

  test('with ties: the correlation of mean ranks', () => {
    // Ranks 1, 2.5, 2.5, 4 and 1, 2, 3.5, 3.5 about 2.5: covariance 4, variances 4.5 and 4.5.
    expect(spearman(of(1, 2, 2, 3), of(1, 2, 3, 3))).toBeCloseTo((2.25 + 0 + 0 + 1.5) / 4.5, 12);
  });

  test('of a constant is not a number', () => {
    expect(spearman(of(1, 1, 1), of(1, 2, 3))).toBeNaN();
  });
});

test('Pearson', () => {
  expect(pearson(of(1, 2, 4), of(2, 4, 8))).toBeCloseTo(1, 12);
  // Deviations −1, 0, 1 and −1, 2, −1.
  expect(pearson(of(1, 2, 3), of(1, 4, 1))).toBeCloseTo(0, 12);
  expect(pearson(of(0, 0, 1), of(0, 1, 1))).toBeCloseTo(0.5, 12);
});

test('median', () => {
  expect(median(of(3, 1, 2))).toBe(2);
  expect(median(of(4, 1, 3, 2))).toBe(2.5);
  expect(median(of(10, 9))).toBe(9.5);
  expect(median(of())).toBeNaN();
  const values = of(3, 1, 2);
  median(values);
  expect([...values]).toEqual([3, 1, 2]);
});

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
