import { describe, expect, test } from 'vitest';
import type { SystemFiles } from '#agent/device/system-files.ts';
import { advise, type Examination, examine } from '#agent/doctor/examine.ts';
import { printExamination } from '#agent/doctor/print.ts';
import { counterEvents } from '#agent/perf/events.ts';
import { deviceFiles } from '../../../fixtures/device-files.ts';

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
    perfSaid: null,
    control: true,
    paranoid: 2,
    status: { 'cpu-cycles': 'supported' },
    sets: [['cpu-cycles', 'instructions']],
  },
  valgrindVersion: null,
  pinning: { possible: true, cpus: [3] },
  runtimes: { onnxruntime: found, 'onnxruntime-web': missing, tensorrt: missing, tflite: missing, command: missing },
  surroundings: {
    kind: { kernel: '6.6.20', isWsl: false, isMusl: false, distribution: ['debian'] },
    throttling: [],
    clockLimit: null,
    powerMode: null,
    gpus: [],
    cpuQuota: null,
    busy: [{ name: 'sshd', cpus: 0.02 }],
    running: [],
  },
};

test('a device that is as it should be gets no advice', () => {
  expect(advise(good)).toEqual([]);
  expect(printExamination({ ...good, advice: [] })).toContain('Nothing to improve.');
});

describe('each thing that could be better is named, with what to do', () => {
  const { hardware, state, counters, surroundings } = good;
  const around = (change: Partial<typeof surroundings>) => ({ surroundings: { ...surroundings, ...change } });
  const noRuntime = { ...good.runtimes, onnxruntime: missing };
  const noLoader = { found: false, reason: 'ld-linux-x86-64.so.2: No such file' } as const;
  test.each<[string, Partial<Omit<Examination, 'advice'>>, RegExp]>([
    ['runtimes', { runtimes: { ...good.runtimes, onnxruntime: missing } }, /npm install onnxruntime-node/],
    [
      'runtimes',
      { runtimes: noRuntime, ...around({ kind: { ...surroundings.kind, isMusl: true } }) },
      /has musl.*npm install onnxruntime-web/,
    ],
    ['runtimes', { runtimes: { ...noRuntime, onnxruntime: noLoader } }, /C library.*npm install onnxruntime-web/],
    [
      'power supply',
      around({ throttling: [{ cause: 'voltage', isNow: true, source: 'get_throttled is 0x1' }] }),
      /^under-voltage now \(get_throttled is 0x1\): use a stronger power supply/,
    ],
    [
      'heat',
      around({ throttling: [{ cause: 'heat', isNow: false, source: 'a is 1' }] }),
      /^throttled for heat since it was started, not now \(a is 1\)/,
    ],
    [
      'clock',
      around({ clockLimit: { cpus: [0, 1], mhz: 600, ofMhz: 1800, kind: 'below' } }),
      /^processors 0, 1 run at 600 MHz of 1800 MHz although/,
    ],
    [
      'clock',
      around({ clockLimit: { cpus: [3], mhz: 1000, ofMhz: 1500, kind: 'limited' } }),
      /^the clock of processor 3 is limited to 1000 MHz of 1500 MHz: .*cpupower frequency-set --max 1500MHz/,
    ],
    [
      'power mode',
      around({ powerMode: { id: 1, name: '7W', fastest: { id: 0, name: '15W' }, gpuMhz: null } }),
      /^NVIDIA power mode 1 \(7W\) has lower clocks than mode 0 \(15W\): sudo nvpmodel -m 0/,
    ],
    [
      'GPU clock',
      around({ powerMode: { id: 0, name: null, fastest: null, gpuMhz: { least: 306, most: 624.75 } } }),
      /between 306 and 624.75 MHz.*sudo jetson_clocks/,
    ],
    ['CPU quota', around({ cpuQuota: { cpus: 1.5, periodMs: 100, stoppedPeriods: 7 } }), /1\.5 of 4 .*so far in 7 /],
    [
      'desktop',
      around({ busy: [{ name: 'Xorg', cpus: 0.2 }] }),
      /^a desktop keeps 0\.20 processors busy \(Xorg 0\.20\)/,
    ],
    ['browser', around({ busy: [{ name: 'firefox', cpus: 1.5 }] }), /^a browser keeps 1\.50 .*close it/],
    ['load', around({ busy: [{ name: 'make', cpus: 0.5 }] }), /^other programs keep 0\.50 .*\(make 0\.50\)/],
    [
      'load',
      { state: { ...state, load1: 3 }, ...around({ running: [{ name: 'gnome-shell', kind: 'desktop' }] }) },
      /stop what else is running \(gnome-shell, a desktop\)/,
    ],
    ['temperature', { state: { ...state, temperatureC: 84.2, throttleC: null } }, /^84\.2 °C, .*slow.*cool it/],
    [
      'perf',
      { counters: { ...counters, perfVersion: null, control: false, perfSaid: 'not found for 5.15-microsoft' } },
      /no working perf.*not found for 5\.15-microsoft.*WSL2.*linux/,
    ],
    [
      'counters',
      { counters: { ...counters, pmus: [], sets: [] }, ...around({ kind: { ...surroundings.kind, isWsl: true } }) },
      /WSL2 passes none on/,
    ],
    [
      'counters',
      { counters: { ...counters, status: { 'cpu-cycles': 'not counted' } } },
      /knows 1 counters but counts none/,
    ],
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
    ['counters', { counters: { ...counters, pmus: [], sets: [] } }, /knows no PMU.*all the same\.$/],
    [
      'counters',
      { counters: { ...counters, pmus: [], sets: [] }, valgrindVersion: 'valgrind-3.19.0' },
      /all the same\. .*--count-with cachegrind/,
    ],
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

test('a quota of all the processors limits nothing, and two limits of a board are both named', () => {
  const { surroundings } = good;
  const cpuQuota = { cpus: 4, periodMs: 100, stoppedPeriods: 0 };
  expect(advise({ ...good, surroundings: { ...surroundings, cpuQuota } })).toEqual([]);
  const board = examine({
    files: deviceFiles({
      'proc/cpuinfo': 'processor\t: 0\nCPU implementer\t: 0x41\nCPU part\t: 0xd08\n',
      'sys/devices/platform/soc/soc:firmware/get_throttled': '50005',
      'sys/class/hwmon/hwmon1/name': 'rpi_volt',
      'sys/class/hwmon/hwmon1/in0_lcrit_alarm': '1',
    }),
    perf: undefined,
    abilities: undefined,
    runtimes: good.runtimes,
  });
  expect(board.advice.map(({ about }) => about)).toEqual(['power supply', 'heat', 'perf', 'pinning']);
  expect(board.advice[0]!.text).toContain('(get_throttled is 0x50005; rpi_volt in0_lcrit_alarm is 1)');
});

test('power mode, GPU and quota are shown where there are such', () => {
  const text = printExamination({
    ...good,
    surroundings: {
      ...good.surroundings,
      powerMode: { id: 2, name: null, fastest: null, gpuMhz: null },
      cpuQuota: { cpus: 0.5, periodMs: 100, stoppedPeriods: null },
    },
    advice: [],
  });
  expect(text).toMatch(/NVIDIA power mode +2\n/);
  expect(text).toMatch(/CPU quota +0\.5 processors\n/);
});
