// How the time of a run is divided: what a profile may say of it, and how words of kernels are read.
import { describe, expect, test } from 'vitest';
import { kernelTimesOf, kernelTimesSchema } from '#core/dataset/kernel-times/kernel-times.ts';
import { readKernelWord } from '#core/dataset/kernel-times/kernel-word.ts';
import { readEnvelope } from '#core/dataset/read-profile.ts';
import { acceptMeasurements } from '#core/intake/accept-measurements.ts';
import { exampleProfile } from '#scripts/build-profile-fixtures.ts';

const times = {
  formatVersion: 1,
  profiler: 'onnxruntime',
  runs: 20,
  kinds: ['convolution/3x3', 'sum'],
  kernels: [0, 1, 0],
  shares: [0.5, 0.125, 0.375],
};

describe('kernel times', () => {
  test('shares are of the time of all kernels', () => {
    const timed = [
      { word: 'convolution/3x3', time: 4 },
      { word: 'sum', time: 1 },
      { word: 'convolution/3x3', time: 3 },
    ];
    expect(kernelTimesOf('onnxruntime', 20, timed)).toEqual(times);
    expect(kernelTimesOf('onnxruntime', 20, [])).toBeUndefined();
    expect(kernelTimesOf('onnxruntime', 20, [{ word: 'sum', time: 0 }])).toBeUndefined();
  });

  test.each([
    ['a share too many', { ...times, shares: [0.5, 0.1, 0.1, 0.1] }, 'shares'],
    ['more than all of the time', { ...times, shares: [0.5, 0.5, 0.2] }, 'shares'],
    ['a kind that is not there', { ...times, kernels: [0, 2, 0] }, 'kernels'],
    ['a kind twice', { ...times, kinds: ['sum', 'sum'] }, 'kinds'],
    ['the name of a file', { ...times, kinds: ['sum', '/home/someone/model.onnx'] }, 'kinds'],
    ['a window of what has none', { ...times, kinds: ['sum/3x3', 'sum'] }, 'kinds'],
    ['a field of another version', { ...times, names: [] }, undefined],
  ])('%s is refused', (_, value, path) => {
    const parsed = kernelTimesSchema.safeParse(value);
    expect(parsed.error?.issues[0]?.path[0]).toBe(path);
    expect(parsed.success).toBe(false);
  });

  test('words', () => {
    expect(readKernelWord('depthwise-convolution/5x7')).toEqual({ kind: 'depthwise-convolution', window: [5, 7] });
    expect(readKernelWord('convolution')).toEqual({ kind: 'convolution', window: undefined });
    for (const none of ['', 'convolution/0x3', 'convolution/3', 'Conv', 'sum/1x1', 'sum ']) {
      expect(readKernelWord(none)).toBeUndefined();
    }
  });

  test('an accepted measurement keeps them; broken ones cost that measurement alone', () => {
    const [first, second, ...others] = exampleProfile.measurements;
    const broken = { ...times, shares: [1, 1, 1] };
    const measurements = [{ ...first!, kernelTimes: times }, { ...second!, kernelTimes: broken }, ...others];
    const read = readEnvelope({ ...exampleProfile, measurements });
    const { accepted, excluded } = acceptMeasurements(read.success ? read.data : (undefined as never));
    expect(accepted[0]!.kernelTimes).toEqual(times);
    expect(excluded).toMatchObject([{ index: 1, code: 'measurement-invalid' }]);
  });
});
