import { expect, test } from 'vitest';
import { interleaved, quantileOf, timingOf } from '#cli/bench/statistics.ts';

test('quantiles interpolate between order statistics', () => {
  expect(quantileOf([4, 1, 3, 2], 0.5)).toBe(2.5);
  expect(quantileOf([4, 1, 3, 2], 0.25)).toBe(1.75);
  expect(quantileOf([7], 0.9)).toBe(7);
  expect(() => quantileOf([], 0.5)).toThrow(RangeError);
});

test('a timing is the median and half the distance between the quartiles', () => {
  expect(timingOf([1, 2, 3, 4, 100])).toEqual({ samples: 5, medianMs: 3, spreadMs: 1 });
});

test('candidates take turns and the warm-up round does not count', async () => {
  const order: string[] = [];
  const timings = await interleaved(2, { a: () => order.push('a'), b: () => order.push('b') });
  expect(order.join('')).toBe('ababab');
  expect(timings.a.samples).toBe(2);
});
