import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { afterEach, describe, expect, test } from 'vitest';
import { chooseCpus, parseCpuList } from '#agent/device/affinity.ts';
import { readHardware } from '#agent/device/hardware.ts';
import { readState } from '#agent/device/state.ts';
import { type SystemFiles, systemFiles } from '#agent/device/system-files.ts';

const roots: string[] = [];
afterEach(() => {
  for (const root of roots.splice(0)) rmSync(root, { recursive: true });
});

/** A device as a tree of its kernel's files. */
function device(tree: Record<string, string>): SystemFiles {
  const root = mkdtempSync(join(tmpdir(), 'sugarbush-device-'));
  roots.push(root);
  for (const [path, text] of Object.entries(tree)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  return systemFiles(root);
}

const armCore = (number: number, part: string): string =>
  `processor\t: ${number}\nBogoMIPS\t: 108.00\nCPU implementer\t: 0x41\nCPU architecture: 8\nCPU part\t: ${part}\n\n`;
const cpufreq = (cpu: number, governor: string, currentKhz: number, maxKhz: number): Record<string, string> => ({
  [`sys/devices/system/cpu/cpu${cpu}/cpufreq/scaling_governor`]: `${governor}\n`,
  [`sys/devices/system/cpu/cpu${cpu}/cpufreq/scaling_cur_freq`]: `${currentKhz}\n`,
  [`sys/devices/system/cpu/cpu${cpu}/cpufreq/cpuinfo_max_freq`]: `${maxKhz}\n`,
});

// Written after the kernel's documentation of these files, not recorded on the boards.
const raspberryPi5 = {
  'proc/cpuinfo': `${[0, 1, 2, 3].map((n) => armCore(n, '0xd0b')).join('')}Revision\t: d04170\nSerial\t\t: 0000000000000000\nModel\t\t: Raspberry Pi 5 Model B Rev 1.0\n`,
  'proc/device-tree/model': 'Raspberry Pi 5 Model B Rev 1.0\0',
  'proc/device-tree/compatible': 'raspberrypi,5-model-b\0brcm,bcm2712\0',
  'proc/meminfo': 'MemTotal:        8245312 kB\nMemFree:          100 kB\nMemAvailable:    6000000 kB\n',
  'proc/loadavg': '0.52 0.58 0.59 1/389 12345\n',
  ...cpufreq(0, 'ondemand', 1_500_000, 2_400_000),
  ...cpufreq(1, 'ondemand', 2_400_000, 2_400_000),
  'sys/class/thermal/thermal_zone0/type': 'cpu-thermal\n',
  'sys/class/thermal/thermal_zone0/temp': '51850\n',
  'sys/class/thermal/thermal_zone0/trip_point_0_type': 'critical\n',
  'sys/class/thermal/thermal_zone0/trip_point_0_temp': '110000\n',
  'sys/class/thermal/thermal_zone0/trip_point_1_type': 'passive\n',
  'sys/class/thermal/thermal_zone0/trip_point_1_temp': '80000\n',
};

describe('hardware', () => {
  test('a board is named by its device tree and its cores by their part numbers', () => {
    expect(readHardware(device(raspberryPi5))).toEqual({
      vendor: 'Raspberry Pi',
      model: 'Raspberry Pi 5 Model B Rev 1.0',
      cpu: '4 × Cortex-A76',
      cores: 4,
      memoryBytes: 8245312 * 1024,
      availableMemoryBytes: 6000000 * 1024,
      isVirtualMachine: false,
    });
  });

  test('cores of two kinds are both named', () => {
    const cpuinfo = [0, 1].map((n) => armCore(n, '0xd05')).join('') + armCore(2, '0xd41') + armCore(3, '0x999');
    expect(readHardware(device({ 'proc/cpuinfo': cpuinfo })).cpu).toBe(
      '2 × Cortex-A55 + 1 × Cortex-A78 + 1 × ARM 0x41 0x999',
    );
  });

  test('a virtual machine says so, and firmware templates are not taken for names', () => {
    const hardware = readHardware(
      device({
        'proc/cpuinfo': 'processor\t: 0\nmodel name\t: Intel(R) Xeon(R)  Processor\nflags\t\t: fpu hypervisor\n',
        'sys/class/dmi/id/sys_vendor': 'To Be Filled By O.E.M.\n',
        'sys/class/dmi/id/product_name': 'Default string\n',
      }),
    );
    expect(hardware).toMatchObject({
      vendor: null,
      model: 'Intel(R) Xeon(R) Processor',
      cores: 1,
      isVirtualMachine: true,
    });
  });

  test('this machine has a model, cores and memory', () => {
    const hardware = readHardware(systemFiles());
    expect(hardware.model).not.toBe('');
    expect(hardware.cores).toBeGreaterThan(0);
    expect(hardware.memoryBytes).toBeGreaterThan(2 ** 20);
  });
});

describe('state', () => {
  test('frequency, governor, load, temperature and where it slows down', () => {
    expect(readState(device(raspberryPi5))).toEqual({
      frequencyMhz: 2400,
      maxFrequencyMhz: 2400,
      governor: 'ondemand',
      turbo: null,
      load1: 0.52,
      temperatureC: 51.85,
      throttleC: 80,
    });
  });

  test('a PMIC sensor with its fixed 100 °C is not the temperature of the processor', () => {
    const state = readState(
      device({
        'sys/class/thermal/thermal_zone0/type': 'CPU-therm\n',
        'sys/class/thermal/thermal_zone0/temp': '44500\n',
        'sys/class/thermal/thermal_zone1/type': 'PMIC-Die\n',
        'sys/class/thermal/thermal_zone1/temp': '100000\n',
        'sys/class/hwmon/hwmon0/name': 'nvme\n',
        'sys/class/hwmon/hwmon0/temp1_input': '70000\n',
      }),
    );
    expect(state.temperatureC).toBe(44.5);
  });

  test('turbo, and governors that differ between cores', () => {
    const tree = { ...cpufreq(0, 'powersave', 1e6, 2e6), ...cpufreq(1, 'performance', 1e6, 2e6) };
    expect(readState(device({ ...tree, 'sys/devices/system/cpu/intel_pstate/no_turbo': '1\n' }))).toMatchObject({
      governor: 'performance, powersave',
      turbo: false,
    });
    expect(readState(device({ 'sys/devices/system/cpu/cpufreq/boost': '1\n' })).turbo).toBe(true);
  });

  test('a device that says nothing is not known, not zero', () => {
    expect(readState(device({}))).toEqual({
      frequencyMhz: null,
      maxFrequencyMhz: null,
      governor: null,
      turbo: null,
      load1: null,
      temperatureC: null,
      throttleC: null,
    });
    expect(readHardware(device({}))).toMatchObject({ model: 'unknown device', cores: null, memoryBytes: null });
  });
});

describe('affinity', () => {
  const status = (list: string): Record<string, string> => ({
    'proc/self/status': `Name:\tnode\nCpus_allowed_list:\t${list}\n`,
  });

  test('the fastest processors that are allowed', () => {
    const tree = {
      ...status('0-4'),
      ...cpufreq(0, 'x', 1, 1_800_000),
      ...cpufreq(3, 'x', 1, 2_400_000),
      ...cpufreq(4, 'x', 1, 2_400_000),
    };
    expect(chooseCpus(device(tree), 1)).toEqual([4]);
    expect(chooseCpus(device(tree), 2)).toEqual([3, 4]);
    expect(chooseCpus(device(tree), 3)).toEqual([0, 3, 4]);
  });

  test('no choice where too few are allowed or nothing is known', () => {
    expect(chooseCpus(device(status('2')), 2)).toBeUndefined();
    expect(chooseCpus(device({}), 1)).toBeUndefined();
    expect(chooseCpus(device(status('none')), 1)).toBeUndefined();
  });

  test('CPU lists', () => {
    expect(parseCpuList('0-3,6')).toEqual([0, 1, 2, 3, 6]);
    expect(parseCpuList('7')).toEqual([7]);
    fc.assert(
      fc.property(fc.string(), (text) => {
        const cpus = parseCpuList(text);
        if (cpus !== undefined) for (const cpu of cpus) expect(cpu).toBeGreaterThanOrEqual(0);
      }),
    );
  });
});

test('reading a device is total: any bytes in any of its files', () => {
  const paths = [...Object.keys(raspberryPi5), 'sys/class/dmi/id/sys_vendor', 'sys/devices/system/cpu/cpufreq/boost'];
  fc.assert(
    fc.property(
      fc.dictionary(
        fc.constantFrom(...paths),
        fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('-1', 'NaN', '1e400')),
      ),
      (tree) => {
        const files: SystemFiles = {
          text: (path) => tree[path]?.trim() || undefined,
          number: (path) => (Number.isFinite(Number(tree[path] ?? 'x')) ? Number(tree[path]) : undefined),
          list: (path) => [
            ...new Set(
              Object.keys(tree)
                .filter((p) => p.startsWith(`${path}/`))
                .map((p) => p.slice(path.length + 1).split('/')[0]!),
            ),
          ],
        };
        const state = readState(files);
        const hardware = readHardware(files);
        for (const value of [state.frequencyMhz, state.load1, state.temperatureC, hardware.memoryBytes]) {
          if (value !== null) expect(Number.isFinite(value) && value >= 0).toBe(true);
        }
        for (const text of [hardware.vendor, hardware.model, hardware.cpu]) {
          if (text !== null) expect(text).toMatch(/^[\p{L}\p{N}\p{P}\p{S}]+(?: [\p{L}\p{N}\p{P}\p{S}]+)*$/u);
        }
      },
    ),
  );
});
