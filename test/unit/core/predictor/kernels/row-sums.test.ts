// Sums of sparse rows, by hand.
import { expect, test } from 'vitest';
import type { CountRow } from '#core/predictor/kernels/kernel-table.ts';
import { rowSums } from '#core/predictor/kernels/row-sums.ts';

const row = (entries: Readonly<Record<number, number>>): CountRow => ({
  kernels: Int32Array.from(Object.keys(entries), Number),
  counts: Float64Array.from(Object.values(entries)),
});

test('kernels ascend, also over the borders of words of 32, and counts that cancel are left out', () => {
  const sumOf = rowSums();
  const first = row({ 0: 1, 31: 2, 32: 1, 63: 5 });
  const second = row({ 1: 1, 31: 1, 32: -1, 64: 7, 1000: 2 });
  expect(sumOf([first, second])).toEqual(row({ 0: 1, 1: 1, 31: 3, 63: 5, 64: 7, 1000: 2 }));
  expect(first).toEqual(row({ 0: 1, 31: 2, 32: 1, 63: 5 }));
});

test('a kernel that cancels on the way counts once', () => {
  expect(rowSums()([row({ 3: 1 }), row({ 3: -1 }), row({ 3: 4 })])).toEqual(row({ 3: 4 }));
});

test('nothing stays of the sum before', () => {
  const sumOf = rowSums();
  sumOf([row({ 2: 1, 40: 1 }), row({ 40: -1 })]);
  expect(sumOf([row({ 2: 1 })])).toEqual(row({ 2: 1 }));
  expect(sumOf([])).toEqual(row({}));
});
