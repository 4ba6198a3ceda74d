// Quantiles and medians, worked out by hand.
import { expect, test } from 'vitest';
import { median, quantile } from '#core/statistics/quantile.ts';

const of = (...values: number[]) => Float64Array.from(values);

test('a quantile lies at (n − 1)p between its neighbours', () => {
  expect([0, 0.25, 0.5, 1].map((p) => quantile([1, 2, 4, 8], p))).toEqual([1, 1.75, 3, 8]);
  expect(quantile([1, 2, 3, 4], 0.25)).toBe(1.75);
  expect(quantile(of(10, 20), 0.9)).toBeCloseTo(19, 12);
  expect(quantile([7], 0.9)).toBe(7);
  expect(() => quantile([], 0.5)).toThrow(RangeError);
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
