import { describe, expect, test } from 'vitest';
import { readClockSetting } from '#agent/device/clock-setting.ts';
import type { SystemFiles } from '#agent/device/system-files.ts';
import { whatDiffers } from '#agent/profile/starts-anew.ts';

describe('what is different', () => {
  const base = {
    target: {
      hardware: { model: 'Pi 5', accelerator: 'A' },
      runtime: { name: 'tvm', version: '2.0', executionProvider: 'cuda', settings: { powerMode: '15W', pinned: true } },
    },
    program: 'abc',
    clocks: { governor: 'performance', turbo: null, mostMhz: [1800, 2400] },
    seed: 0,
  };
  const { target, clocks } = base;
  const { runtime } = target;
  const now = JSON.stringify(base);

  test.each([
    ['runtime tvm, was ncnn', { target: { ...target, runtime: { ...runtime, name: 'ncnn' } } }],
    ['version of the runtime 2.0, was 1.9', { target: { ...target, runtime: { ...runtime, version: '1.9' } } }],
    ['version of the runtime 2.0, was not known', { target: { ...target, runtime: { ...runtime, version: null } } }],
    ['accelerator A, was B', { target: { ...target, hardware: { model: 'Pi 5', accelerator: 'B' } } }],
    [
      'powerMode 15W, was 7W',
      { target: { ...target, runtime: { ...runtime, settings: { ...runtime.settings, powerMode: '7W' } } } },
    ],
    ['another program, or another script or argument of it', { program: 'abd' }],
    ['frequency governor performance, was schedutil', { clocks: { ...clocks, governor: 'schedutil' } }],
    ['highest clock, MHz [1800,2400], was [1500]', { clocks: { ...clocks, mostMhz: [1500] } }],
    ['--seed 0, was 7', { seed: 7 }],
  ])('%s', (reason, other) => expect(whatDiffers(now, JSON.stringify({ ...base, ...other }))).toEqual([reason]));

  test('of what another agent wrote it is said that it did', () => {
    for (const then of ['one', '[1,2]', '']) expect(whatDiffers(now, then)).toEqual(['another version of the agent']);
  });
});

test('the clock setting of processors, each limit once', () => {
  const cpufreq = (cpu: number): string => `sys/devices/system/cpu/cpu${cpu}/cpufreq`;
  const values: Record<string, string> = {
    [`${cpufreq(0)}/scaling_governor`]: 'schedutil',
    [`${cpufreq(0)}/scaling_max_freq`]: '1800000',
    [`${cpufreq(1)}/scaling_max_freq`]: '1800000',
    [`${cpufreq(2)}/scaling_max_freq`]: '2400000',
  };
  const files: SystemFiles = {
    text: (path) => values[path],
    number: (path) => (values[path] === undefined ? undefined : Number(values[path])),
    list: (path) => (path === 'sys/devices/system/cpu' ? ['cpu0', 'cpu1', 'cpu2', 'cpufreq'] : []),
  };
  expect(readClockSetting(files)).toEqual({ governor: 'schedutil', turbo: null, mostMhz: [1800, 2400] });
  expect(readClockSetting({ ...files, list: () => [] }).mostMhz).toBeNull();
});
