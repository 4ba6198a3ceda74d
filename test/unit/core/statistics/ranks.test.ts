// Ranks and correlations, worked out by hand.
import { describe, expect, test } from 'vitest';
import { pearson, ranks, spearman } from '#core/statistics/ranks.ts';

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
