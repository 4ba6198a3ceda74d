import { expect, test } from 'vitest';
import { studentT975 } from '#core/statistics/student-t.ts';

// From a table of the distribution (Abramowitz and Stegun, table 26.10).
test.each([
  [1, 12.706],
  [2, 4.303],
  [9, 2.262],
  [30, 2.042],
  [40, 2.021],
  [60, 2.0],
  [120, 1.98],
])('with %i degrees of freedom', (freedom, expected) => {
  expect(studentT975(freedom)).toBeCloseTo(expected, 3);
});

test('falls with the degrees of freedom, also where the table ends, towards the normal quantile', () => {
  const all = Array.from({ length: 200 }, (_, i) => studentT975(i + 1));
  expect(all).toEqual(all.toSorted((a, b) => b - a));
  expect(studentT975(1e6)).toBeCloseTo(1.96, 3);
});
