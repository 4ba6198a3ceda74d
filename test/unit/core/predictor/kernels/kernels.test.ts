// What a kernel's features, classes and table rows are, worked out by hand.
import { describe, expect, test } from 'vitest';
import { kernelKinds } from '#core/graph/kernel.ts';
import { classesOf, kernelClassNames, membershipOf } from '#core/predictor/kernels/kernel-classes.ts';
import { flagCount, kernelFeatureNames, kernelFeatures, runConstant } from '#core/predictor/kernels/kernel-features.ts';
import { kernelTable } from '#core/predictor/kernels/kernel-table.ts';
import { convolution, pool, sum } from '../tiny-data.ts';

const named = (row: readonly number[]) => Object.fromEntries(kernelFeatureNames.map((name, i) => [name, row[i]]));

describe('features', () => {
  test('of a convolution', () => {
    const row = named(kernelFeatures(convolution));
    expect(row).toMatchObject({ convolution: 1, sum: 0, run: 0, fusedActivation: 1, fusedGate: 0, threeByThree: 1 });
    expect(row['window']).toBeCloseTo(1, 12);
    // In units of float32: 1024 read, 2048 written, 4608 weights.
    expect(row['macs']).toBeCloseTo(Math.log(294_913) / 4, 12);
    expect(row['read']).toBeCloseTo(Math.log(1025) / 4, 12);
    expect(row['weights']).toBeCloseTo(Math.log(4609) / 4, 12);
    expect(row['intensity']).toBeCloseTo((Math.log(294_913) - Math.log(7681)) / 4, 12);
    expect(row['side']).toBeCloseTo(Math.log(9) / 4, 12);
    expect(row['traffic']).toBe(0);
  });

  test('at 32 images: work and traffic grow, weights and shape stay', () => {
    const row = named(kernelFeatures(convolution, 32));
    expect(row['macs']).toBeCloseTo(Math.log1p(32 * 294_912) / 4, 12);
    expect(row['written']).toBeCloseTo(Math.log1p(32 * 2048) / 4, 12);
    expect(row['weights']).toBeCloseTo(Math.log(4609) / 4, 12);
    expect(row['batch']).toBeCloseTo(Math.log(33) / 4, 12);
  });

  test('of the constant of a run: nothing but its flag and the batch', () => {
    const row = named(kernelFeatures(runConstant));
    const others = Object.entries(row).filter(([name]) => !['run', 'batch', 'window'].includes(name));
    expect(row['run']).toBe(1);
    expect(others.every(([, value]) => value === 0)).toBe(true);
  });

  test('one flag a kind comes first', () => {
    expect(kernelFeatureNames.slice(0, flagCount)).toEqual([...kernelKinds, 'run']);
  });
});

describe('classes', () => {
  test('say what, how large and what is fused in', () => {
    expect(classesOf(convolution)).toEqual(['convolution-3', 'fused-activation-cheap', 'side-1', 'channels-1']);
    expect(classesOf(sum)).toEqual(['sum', 'traffic-1']);
    expect(classesOf(pool)).toEqual(['maximum-pool', 'traffic-1']);
    expect(classesOf({ ...convolution, window: [1, 1], stride: 2, activation: 'HardSwish', addends: 1 })).toEqual([
      'convolution-1-strided',
      'fused-sum',
      'fused-activation-dear',
      'side-1',
      'channels-1',
    ]);
    expect(classesOf({ ...convolution, type: 'int8' })).toContain('eight-bit');
    expect(classesOf(runConstant)).toEqual(['run']);
  });

  test('do not depend on the batch size', () => {
    const many = { ...sum, batch: 64, inputBytes: 64 * sum.inputBytes, outputBytes: 64 * sum.outputBytes };
    expect(classesOf(many)).toEqual(classesOf(sum));
  });

  test.each(kernelKinds)('%s has classes that have names', (kind) => {
    for (const name of classesOf({ ...convolution, kind })) expect(kernelClassNames).toContain(name);
  });

  test('membership is 1 in them and 0 elsewhere', () => {
    const row = membershipOf([sum]);
    expect(kernelClassNames.filter((_, i) => row[i] === 1)).toEqual(classesOf(sum));
    expect(row.reduce((a, b) => a + b, 0)).toBe(2);
  });
});

test('a table holds every kernel once, and a run’s constant in every row', () => {
  const table = kernelTable();
  const first = table.row([
    { kernel: convolution, count: 2 },
    { kernel: sum, count: 1 },
  ]);
  const second = table.row([
    { kernel: { ...sum }, count: 3 },
    { kernel: { ...sum }, count: 4 },
  ]);
  expect(table.kernels).toEqual([runConstant, convolution, sum]);
  expect([[...first.kernels], [...first.counts]]).toEqual([
    [0, 1, 2],
    [1, 2, 1],
  ]);
  expect([[...second.kernels], [...second.counts]]).toEqual([
    [0, 2],
    [1, 7],
  ]);
});
