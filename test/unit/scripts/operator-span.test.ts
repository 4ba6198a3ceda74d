// What a list of operators tells of networks: nearness by hand, variance against the choice of support sets.
import { expect, test } from 'vitest';
import type { Kernel } from '#core/graph/kernel.ts';
import { chooseRows } from '#core/predictor/adaptation/select-support-set.ts';
import { runConstant } from '#core/predictor/kernels/kernel-features.ts';
import type { CountRow } from '#core/predictor/kernels/kernel-table.ts';
import { seededRandom } from '#core/random.ts';
import { operatorGrid } from '#scripts/operator-span/grid.ts';
import { nearnessOf } from '#scripts/operator-span/nearness.ts';
import { remainingVariances } from '#scripts/operator-span/remaining-variance.ts';

const convolution = (macs: number, bytes: number): Kernel => ({
  ...runConstant,
  kind: 'convolution',
  operator: 'Conv',
  macs,
  inputBytes: bytes,
});
const row = (...counts: readonly (readonly [kernel: number, count: number])[]): CountRow => ({
  kernels: Int32Array.from(counts, ([kernel]) => kernel),
  counts: Float64Array.from(counts, ([, count]) => count),
});

test('a share of time is near where arithmetic and traffic are, in a class where the class is', () => {
  const kernels: Kernel[] = [
    runConstant,
    convolution(1000, 4000),
    convolution(1900, 4000), // within 2 of the one before
    convolution(1000, 12_000), // thrice its traffic
    convolution(9000, 4000), // nine times its arithmetic
    { ...convolution(1000, 4000), kind: 'softmax', operator: 'Softmax' },
  ];
  const network = row([0, 1], [2, 2], [3, 1], [4, 1], [5, 5]);
  const near = nearnessOf(kernels, [[network]], [[row([0, 1], [1, 1])]], () => 1);
  expect(near.within2).toBeCloseTo(3 / 10, 10);
  expect(near.within4).toBeCloseTo(4 / 10, 10);
  expect(near.sameClass).toBeCloseTo(5 / 10, 10);
  expect(nearnessOf(kernels, [[network]], [], () => 1).sameClass).toBe(0);
});

test('what is measured lowers the variance as known networks do in the choice of a support set', () => {
  const random = seededRandom(1);
  const forward = (count: number) => ({
    count,
    lnMean: Float32Array.from({ length: 2 * count }, () => random.normal()),
    phi: Float32Array.from({ length: 2 * count * 3 }, () => 0.3 * random.normal()),
  });
  const [asked, measurable] = [forward(5), forward(3)];
  const left = remainingVariances(asked, measurable)();
  const before = left.mean();
  expect(before).toBeCloseTo(chooseRows(asked, 0).variances[0]!, 10);
  const gain = left.gainOf(0, 0.03);
  left.measure(0, 0.03);
  expect(5 * (before - left.mean())).toBeCloseTo(gain, 10);
  for (const each of [1, 2]) left.measure(each, 0.03);
  expect(left.mean()).toBeCloseTo(chooseRows(asked, 0, [], measurable).variances[0]!, 10);
  expect(left.mean()).toBeLessThan(before);
});

test('the grid has each operator once', () => {
  const keys = operatorGrid().map(({ key }) => key);
  expect(new Set(keys).size).toBe(keys.length);
});
