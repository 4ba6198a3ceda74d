import { describe, expect, test } from 'vitest';
import type { SystemFiles } from '#agent/device/system-files.ts';
import { advise, type Examination, examine } from '#agent/doctor/examine.ts';
import { printExamination } from '#agent/doctor/print.ts';
import { counterEvents } from '#agent/perf/events.ts';

const found = { found: true, version: '1.30.0' } as const;
const missing = { found: false, reason: 'no program' } as const;

const good: Omit<Examination, 'advice'> = {
  agent: 'sugarbush-agent 1',
  system: 'Linux 6.6',
  hardware: {
    vendor: 'Raspberry Pi',
    model: 'Raspberry Pi 5 Model B Rev 1.0',
    cpu: '4 × Cortex-A76',
    cores: 4,
    memoryBytes: 8 * 2 ** 30,
    availableMemoryBytes: 6 * 2 ** 30,
    isVirtualMachine: false,
  },
  state: {
    frequencyMhz: 2400,
    maxFrequencyMhz: 2400,
    governor: 'performance',
    turbo: false,
    load1: 0.1,
    temperatureC: 50,
    throttleC: 80,
  },
  counters: {
    pmus: ['armv8_cortex_a76'],
    perfVersion: '6.6.1',
    control: true,
    paranoid: 2,
    status: { 'cpu-cycles': 'supported' },
    sets: [['cpu-cycles', 'instructions']],
  },
  pinning: { possible: true, cpus: [3] },
  runtimes: { onnxruntime: found, 'onnxruntime-web': missing, tensorrt: missing, tflite: missing, command: missing },
};

test('a device that is as it should be gets no advice', () => {
  expect(advise(good)).toEqual([]);
  expect(printExamination({ ...good, advice: [] })).toContain('Nothing to improve.');
});

describe('each thing that could be better is named, with what to do', () => {
  const { hardware, state, counters } = good;
  test.each<[string, Partial<Omit<Examination, 'advice'>>, RegExp]>([
    ['runtimes', { runtimes: { ...good.runtimes, onnxruntime: missing } }, /npm install onnxruntime-node/],
    ['governor', { state: { ...state, governor: 'ondemand' } }, /'ondemand'.*cpupower/],
    ['turbo', { state: { ...state, turbo: true } }, /turbo is on/],
    ['load', { state: { ...state, load1: 3 } }, /load is 3 on 4/],
    ['temperature', { state: { ...state, temperatureC: 75 } }, /75 °C, slows down at 80 °C/],
    ['memory', { hardware: { ...hardware, availableMemoryBytes: 100 * 2 ** 20 } }, /100 MiB/],
    ['pinning', { pinning: { possible: false, cpus: [] } }, /taskset/],
    ['perf', { counters: { ...counters, perfVersion: null, control: false } }, /no working perf/],
    ['perf', { counters: { ...counters, control: false } }, /since 5\.8/],
    [
      'permission',
      { counters: { ...counters, paranoid: 4, status: { 'cpu-cycles': 'not permitted' } } },
      /is 4.*cap_perfmon/,
    ],
    ['counters', { counters: { ...counters, pmus: [], sets: [] } }, /knows no PMU/],
    [
      'counters',
      { hardware: { ...hardware, isVirtualMachine: true }, counters: { ...counters, pmus: [] } },
      /virtual machine has no PMU/,
    ],
    ['counters', { counters: { ...counters, sets: [['cpu-cycles', 'instructions'], ['LLC-loads']] } }, /2 \+ 1/],
  ])('%s', (about, change, text) => {
    const advice = advise({ ...good, ...change });
    expect(advice).toEqual([
      { weight: about === 'runtimes' ? 'blocking' : 'limit', about, text: expect.stringMatching(text) },
    ]);
  });
});

test('a device that tells nothing about itself is examined all the same', () => {
  const nothing: SystemFiles = { text: () => undefined, number: () => undefined, list: () => [] };
  const runtimes = { ...good.runtimes, onnxruntime: missing };
  const examined = examine({ files: nothing, perf: undefined, abilities: undefined, runtimes });
  expect(examined.hardware.model).toBe('unknown device');
  expect(examined.advice.map(({ about }) => about)).toEqual(['runtimes', 'perf', 'pinning']);
  expect(printExamination(examined)).toContain('not known');
  // What a machine reads holds nothing that JSON cannot.
  expect(JSON.parse(JSON.stringify(examined))).toEqual(examined);
});

test('counters are listed one by one, with the sets that run at once', () => {
  const status = Object.fromEntries(
    counterEvents.map(({ counter }, i) => [counter, i % 2 ? 'supported' : 'unsupported']),
  );
  const text = printExamination({ ...good, counters: { ...good.counters, status }, advice: [] });
  expect(text).toMatch(/instructions +supported/);
  expect(text).toMatch(/cache-references +unsupported/);
  expect(text).toContain('cpu-cycles, instructions');
});
