// What slows a device down, read from the files and programs in which devices say so.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  busyBetweenReadings,
  busySinceStart,
  processTimes,
  programKind,
  programNames,
} from '#agent/device/busy-processes.ts';
import { readClockLimit } from '#agent/device/clock-limit.ts';
import { corePmus } from '#agent/device/core-pmu.ts';
import { readCpuQuota } from '#agent/device/cpu-quota.ts';
import { readHardware } from '#agent/device/hardware.ts';
import { parseNvidiaSmi } from '#agent/device/nvidia-smi.ts';
import { powerSettings, readPowerMode } from '#agent/device/power-mode.ts';
import { readState } from '#agent/device/state.ts';
import { perfPackage, readSystemKind } from '#agent/device/system-kind.ts';
import { parseThrottled, readThrottling } from '#agent/device/throttling.ts';
import { deviceFiles } from '../../../fixtures/device-files.ts';

const cpufreq = (cpu: number, files: Record<string, string | number>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(files).map(([name, value]) => [`sys/devices/system/cpu/cpu${cpu}/cpufreq/${name}`, `${value}\n`]),
  );

describe('throttling', () => {
  test.each([
    ['50005', 0x50005],
    ['0x50000', 0x50000],
    ['throttled=0x0', 0],
    ['', undefined],
    ['error', undefined],
    ['1 2', undefined],
  ])('%j is %s', (text, bits) => expect(parseThrottled(text)).toBe(bits));

  test('of a Raspberry Pi: now and since its start, by the bits of its firmware', () => {
    const files = deviceFiles({ 'sys/devices/platform/soc/soc:firmware/get_throttled': '50005\n' });
    const source = 'get_throttled is 0x50005';
    expect(readThrottling(files)).toEqual([
      { cause: 'voltage', isNow: true, source },
      { cause: 'heat', isNow: true, source },
    ]);
    expect(readThrottling(deviceFiles({}), 'throttled=0xa0000\n')).toEqual([
      { cause: 'clock', isNow: false, source: 'get_throttled is 0xa0000' },
      { cause: 'heat', isNow: false, source: 'get_throttled is 0xa0000' },
    ]);
    expect(readThrottling(deviceFiles({ 'sys/devices/platform/axi/axi:firmware/get_throttled': '0\n' }))).toEqual([]);
  });

  test('alarms of monitors: voltage and heat of the processor, not an input that is not connected', () => {
    const monitor = (number: number, name: string, files: Record<string, string>): Record<string, string> => ({
      [`sys/class/hwmon/hwmon${number}/name`]: name,
      ...Object.fromEntries(Object.entries(files).map(([file, v]) => [`sys/class/hwmon/hwmon${number}/${file}`, v])),
    });
    const causes = (tree: Record<string, string>): string[] =>
      readThrottling(deviceFiles(tree)).map(({ cause, isNow, source }) => `${cause} ${isNow} ${source}`);
    expect(causes(monitor(1, 'rpi_volt', { in0_lcrit_alarm: '1' }))).toEqual([
      'voltage true rpi_volt in0_lcrit_alarm is 1',
    ]);
    expect(causes(monitor(0, 'rpi_volt', { in0_lcrit_alarm: '0' }))).toEqual([]);
    expect(causes(monitor(2, 'coretemp', { temp2_crit_alarm: '1' }))).toEqual([
      'heat true coretemp temp2_crit_alarm is 1',
    ]);
    expect(causes(monitor(3, 'nct6775', { in3_alarm: '1', intrusion0_alarm: '1' }))).toEqual([]);
    expect(causes(monitor(4, 'soctherm_oc', { oc3_event_cnt: '7' }))).toEqual([
      'current false soctherm_oc oc3_event_cnt is 7',
    ]);
  });

  test('the kernel holding the clock down, and a counter of Intel', () => {
    const cooling = (type: string, state: string): Record<string, string> => ({
      'sys/class/thermal/cooling_device0/type': type,
      'sys/class/thermal/cooling_device0/cur_state': state,
    });
    expect(readThrottling(deviceFiles(cooling('cpufreq-cpu0\n', '3\n')))).toMatchObject([
      { cause: 'heat', isNow: true },
    ]);
    expect(readThrottling(deviceFiles(cooling('pwm-fan\n', '3\n')))).toEqual([]);
    expect(readThrottling(deviceFiles(cooling('Processor\n', '0\n')))).toEqual([]);
    const count = 'sys/devices/system/cpu/cpu0/thermal_throttle/package_throttle_count';
    expect(readThrottling(deviceFiles({ [count]: '12\n' }))).toMatchObject([{ cause: 'heat', isNow: false }]);
  });
});

describe('clocks', () => {
  const at = (most: number, allowed: number, now: number, governor: string, driver = 'cpufreq-dt') => ({
    ...{ cpuinfo_max_freq: most, scaling_max_freq: allowed, scaling_cur_freq: now },
    ...{ scaling_governor: governor, scaling_driver: driver },
  });

  test('limited by a setting, whatever the governor', () => {
    const tree = {
      ...cpufreq(0, at(1_510_400, 1_036_800, 729_600, 'schedutil')),
      ...cpufreq(1, at(1_510_400, 1_036_800, 1_036_800, 'schedutil')),
      ...cpufreq(2, at(2_000_000, 2_000_000, 400_000, 'schedutil')),
    };
    expect(readClockLimit(deviceFiles(tree))).toEqual({ cpus: [0, 1], mhz: 1036.8, ofMhz: 1510.4, kind: 'limited' });
  });

  test('below what the governor asks for', () => {
    const held = at(1_800_000, 1_800_000, 600_000, 'performance');
    expect(readClockLimit(deviceFiles({ ...cpufreq(0, held), ...cpufreq(1, held) }))).toEqual({
      ...{ cpus: [0, 1], mhz: 600, ofMhz: 1800, kind: 'below' },
    });
    const { scaling_max_freq: _, ...older } = held;
    expect(readClockLimit(deviceFiles(cpufreq(3, older)))?.kind).toBe('below');
  });

  test('as it should be: idle under a governor that saves, or left to the processor', () => {
    for (const clock of [
      at(1_800_000, 1_800_000, 600_000, 'ondemand'),
      at(1_800_000, 1_800_000, 1_800_000, 'performance'),
      at(4_800_000, 4_800_000, 800_000, 'performance', 'intel_pstate'),
    ]) {
      expect(readClockLimit(deviceFiles(cpufreq(0, clock)))).toBeUndefined();
    }
    expect(readClockLimit(deviceFiles({}))).toBeUndefined();
  });
});

describe('temperatures', () => {
  test('whole degrees are read as such', () => {
    const zone = (value: string, trip: string): Record<string, string> => ({
      'sys/class/thermal/thermal_zone0/type': 'cpu_thermal\n',
      'sys/class/thermal/thermal_zone0/temp': value,
      'sys/class/thermal/thermal_zone0/trip_point_0_type': 'passive\n',
      'sys/class/thermal/thermal_zone0/trip_point_0_temp': trip,
    });
    expect(readState(deviceFiles(zone('57\n', '85\n')))).toMatchObject({ temperatureC: 57, throttleC: 85 });
    expect(readState(deviceFiles(zone('57000\n', '85000\n')))).toMatchObject({ temperatureC: 57, throttleC: 85 });
    expect(readState(deviceFiles(zone('-274000\n', '-32768000\n')))).toMatchObject({
      ...{ temperatureC: null, throttleC: null },
    });
  });
});

describe('power mode of a Jetson', () => {
  const jetson = { 'proc/device-tree/compatible': 'nvidia,p3768-0000\0nvidia,tegra234\0' };
  const modes = '# comment\n< POWER_MODEL ID=0 NAME=15W >\nCPU_ONLINE CORE_0 1\n< POWER_MODEL ID=1 NAME=7W >\n';

  test('its number, its name, and the faster one', () => {
    const status = { ...jetson, 'var/lib/nvpmodel/status': 'pmode:0001\n' };
    expect(readPowerMode(deviceFiles(status))).toEqual({
      id: 1,
      name: null,
      fastest: { id: 0, name: null },
      gpuMhz: null,
    });
    expect(readPowerMode(deviceFiles({ ...status, 'etc/nvpmodel.conf': modes }))).toEqual({
      ...{ id: 1, name: '7W', fastest: { id: 0, name: '15W' }, gpuMhz: null },
    });
    const orin = `${modes}< POWER_MODEL ID=2 NAME=MAXN_SUPER >\n`;
    const at = (id: number) =>
      readPowerMode(
        deviceFiles({ 'var/lib/nvpmodel/status': `pmode:000${id} fmode:quiet`, 'etc/nvpmodel.conf': orin }),
      );
    expect(at(0)?.fastest).toEqual({ id: 2, name: 'MAXN_SUPER' });
    expect(at(2)?.fastest).toBeNull();
  });

  test('is part of the target, and so is whether the clocks are held', () => {
    const gpu = (least: number): Record<string, string> => ({
      'sys/class/devfreq/17000000.gpu/min_freq': `${least}\n`,
      'sys/class/devfreq/17000000.gpu/max_freq': '624750000\n',
    });
    const settings = (tree: Record<string, string>) => powerSettings(readPowerMode(deviceFiles(tree)));
    const status = { 'var/lib/nvpmodel/status': 'pmode:0001\n', 'etc/nvpmodel.conf': modes };
    expect(settings({ ...status, ...gpu(306_000_000) })).toEqual({ powerMode: '7W', clocksHeld: false });
    expect(settings({ ...status, ...gpu(624_750_000) })).toEqual({ powerMode: '7W', clocksHeld: true });
    expect(settings({ 'var/lib/nvpmodel/status': 'pmode:0002\n' })).toEqual({ powerMode: '2' });
    expect(settings(jetson)).toEqual({});
    expect(settings({ 'proc/device-tree/compatible': 'raspberrypi,4-model-b\0' })).toEqual({});
  });
});

describe('GPU of a PC', () => {
  test('what nvidia-smi prints', () => {
    const text =
      'NVIDIA RTX A2000, 2100, 40.00, 70.00, 81, 0x0000000000000024\nTesla T4, 1590, 70.00, 70.00, 40, 0x1\n';
    expect(parseNvidiaSmi(text)).toEqual([
      {
        ...{ name: 'NVIDIA RTX A2000', maxMhz: 2100, powerLimitW: 40, usualPowerLimitW: 70, temperatureC: 81 },
        heldBackBy: ['its power limit', 'heat'],
      },
      {
        ...{ name: 'Tesla T4', maxMhz: 1590, powerLimitW: 70, usualPowerLimitW: 70, temperatureC: 40 },
        heldBackBy: [],
      },
    ]);
    expect(parseNvidiaSmi('GPU, [N/A], [N/A], [N/A], 40, [N/A]')).toMatchObject([{ maxMhz: null, heldBackBy: [] }]);
    expect(parseNvidiaSmi('No devices were found\n')).toEqual([]);
  });
});

describe('CPU quota', () => {
  test.each([
    [
      'version 2, in a container',
      { 'sys/fs/cgroup/cpu.max': '150000 100000\n', 'proc/self/cgroup': '0::/\n' },
      1.5,
      100,
    ],
    [
      'version 2, of a group around it',
      {
        'proc/self/cgroup': '0::/system.slice/docker-1.scope\n',
        'sys/fs/cgroup/system.slice/cpu.max': '50000 50000',
        'sys/fs/cgroup/system.slice/docker-1.scope/cpu.max': 'max 100000',
      },
      1,
      50,
    ],
    [
      'version 1, in a container that sees the paths of its host',
      {
        'proc/self/cgroup': '11:memory:/docker/abc\n4:cpu,cpuacct:/docker/abc\n',
        'sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us': '50000\n',
        'sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us': '100000\n',
      },
      0.5,
      100,
    ],
    [
      'version 1, on the host',
      {
        'proc/self/cgroup': '4:cpuacct,cpu:/user.slice\n',
        'sys/fs/cgroup/cpu/user.slice/cpu.cfs_quota_us': '200000\n',
        'sys/fs/cgroup/cpu/user.slice/cpu.cfs_period_us': '100000\n',
        'sys/fs/cgroup/cpu/cpu.cfs_quota_us': '-1\n',
        'sys/fs/cgroup/cpu/cpu.cfs_period_us': '100000\n',
      },
      2,
      100,
    ],
  ])('%s', (_, tree, cpus, periodMs) => {
    expect(readCpuQuota(deviceFiles(tree as unknown as Record<string, string>))).toEqual({
      ...{ cpus, periodMs, stoppedPeriods: null },
    });
  });

  test('how often it was stopped, and no quota at all', () => {
    const stat = 'nr_periods 20\nnr_throttled 7\nthrottled_usec 100\n';
    const tree = { 'sys/fs/cgroup/cpu.max': '100000 100000', 'sys/fs/cgroup/cpu.stat': stat };
    expect(readCpuQuota(deviceFiles(tree))).toMatchObject({ cpus: 1, stoppedPeriods: 7 });
    expect(readCpuQuota(deviceFiles({ 'sys/fs/cgroup/cpu.max': 'max 100000' }))).toBeUndefined();
    const none = { 'sys/fs/cgroup/cpu/cpu.cfs_quota_us': '-1', 'sys/fs/cgroup/cpu/cpu.cfs_period_us': '100000' };
    expect(readCpuQuota(deviceFiles({ ...none, 'proc/self/cgroup': '4:cpu:/' }))).toBeUndefined();
    expect(readCpuQuota(deviceFiles({}))).toBeUndefined();
  });
});

describe('programs', () => {
  const stat = (pid: number, name: string, user: number, system: number, start: number): Record<string, string> => ({
    [`proc/${pid}/stat`]: `${pid} (${name}) S 1 1 1 0 -1 4194304 9 0 0 0 ${user} ${system} 0 0 20 0 5 0 ${start} 1 2\n`,
    [`proc/${pid}/comm`]: `${name}\n`,
  });
  const nobody = (): boolean => false;

  test('busy between two readings: processes of one name are summed, a reused number is another process', () => {
    const before = processTimes(
      deviceFiles({ ...stat(10, 'Web Content', 500, 0, 5), ...stat(11, 'old', 900, 0, 5) }),
      nobody,
    );
    const after = processTimes(
      deviceFiles({
        ...stat(10, 'Web Content', 560, 40, 5),
        ...stat(11, 'make (x) S', 20, 10, 700),
        ...stat(12, 'Web Content', 50, 0, 700),
        ...stat(13, 'sshd', 1, 0, 5),
      }),
      nobody,
    );
    // In two seconds: 1.00 s and 0.50 s of one name, 0.30 s of the other; sshd's 0.01 s is too little to name.
    expect(busyBetweenReadings(before, after, 2)).toEqual([
      { name: 'Web Content', cpus: 0.75 },
      { name: 'make (x) S', cpus: 0.15 },
    ]);
  });

  test('busy since their start, without the young ones and its own', () => {
    const tree = { 'proc/uptime': '1000.00 3000.00\n', ...stat(1, 'Xorg', 30_000, 10_000, 20_000) };
    const files = deviceFiles({ ...tree, ...stat(2, 'node', 500, 0, 99_500), ...stat(3, 'me', 90_000, 0, 0) });
    // 400 s of 800 s.
    expect(busySinceStart(files, (pid) => pid === 3)).toEqual([{ name: 'Xorg', cpus: 0.5 }]);
    expect(programNames(files)).toEqual(['Xorg', 'node', 'me']);
    expect(busySinceStart(deviceFiles(stat(1, 'Xorg', 5, 5, 5)), nobody)).toEqual([]);
  });

  test.each([
    ['gnome-shell', 'desktop'],
    ['kwin_wayland', 'desktop'],
    ['labwc', 'desktop'],
    ['chromium-browse', 'browser'],
    ['firefox-esr', 'browser'],
    ['Isolated Web Co', 'browser'],
    ['sshd', undefined],
    ['python3', undefined],
  ])('%s is %s', (name, kind) => expect(programKind(name)).toBe(kind));
});

describe('kind of system', () => {
  const kind = (tree: Record<string, string>) => readSystemKind(deviceFiles(tree));
  const ubuntu = { 'etc/os-release': 'NAME="Ubuntu"\nID=ubuntu\nID_LIKE=debian\n' };
  const kernel = (release: string): Record<string, string> => ({ 'proc/sys/kernel/osrelease': `${release}\n` });

  test('musl by its loader, unless glibc is there too', () => {
    expect(kind({ 'lib/ld-musl-x86_64.so.1': 'x' }).isMusl).toBe(true);
    expect(kind({ 'lib/ld-musl-x86_64.so.1': 'x', 'lib64/ld-linux-x86-64.so.2': 'x' }).isMusl).toBe(false);
    expect(kind({ 'etc/os-release': 'ID=alpine\n' }).isMusl).toBe(true);
    expect(kind(ubuntu).isMusl).toBe(false);
  });

  test.each([
    [
      'WSL2',
      { ...ubuntu, ...kernel('5.15.153.1-microsoft-standard-WSL2') },
      /WSL2 .*sudo apt install linux-tools-generic/,
    ],
    [
      'Debian in WSL2',
      { 'etc/os-release': 'ID=debian', ...kernel('5.15-microsoft') },
      /WSL2 .*sudo apt install linux-perf/,
    ],
    ['Ubuntu', { ...ubuntu, ...kernel('6.8.0-40-generic') }, /^sudo apt install linux-tools-\$\(uname -r\)$/],
    ['Ubuntu on a Raspberry Pi', { ...ubuntu, ...kernel('6.8.0-1010-raspi') }, /linux-tools-raspi/],
    ['Jetson', { ...ubuntu, ...kernel('5.15.148-tegra') }, /linux-tools-generic/],
    ['Raspberry Pi OS', { 'etc/os-release': 'ID=raspbian\nID_LIKE=debian' }, /sudo apt install linux-perf/],
    ['Alpine', { 'etc/os-release': 'ID=alpine' }, /apk add perf/],
    ['Fedora', { 'usr/lib/os-release': 'ID=fedora' }, /dnf install perf/],
    ['another', {}, /Debian: sudo apt install linux-perf/],
  ])('perf on %s', (_, tree, text) => expect(perfPackage(kind(tree as Record<string, string>))).toMatch(text));

  test('a wrapper that names the kernel of WSL2 says it too', () => {
    expect(perfPackage(kind({}), 'WARNING: perf not found for kernel 5.15.153.1-microsoft')).toMatch(/WSL2/);
  });
});

describe('Armv9', () => {
  test('PMUs and cores', () => {
    const pmu = (name: string): Record<string, string> => ({ [`sys/bus/event_source/devices/${name}/type`]: '8\n' });
    const names = ['armv9_cortex_a520', 'armv9_cortex_a720', 'armv8_pmuv3_0', 'cpu_lowpower'];
    const files = deviceFiles(Object.assign({}, ...[...names, 'software', 'arm_cmn_0', 'cpum_cf'].map(pmu)));
    expect(corePmus(files)).toEqual(['armv8_pmuv3_0', 'armv9_cortex_a520', 'armv9_cortex_a720', 'cpu_lowpower']);
    const core = (part: string): string => `processor\t: 0\nCPU implementer\t: 0x41\nCPU part\t: ${part}\n\n`;
    expect(readHardware(deviceFiles({ 'proc/cpuinfo': core('0xd80') + core('0xd81') + core('0xd81') })).cpu).toBe(
      '1 × Cortex-A520 + 2 × Cortex-A720',
    );
  });
});

test('every reader is total: any text in any of the files', () => {
  const paths = [
    ...['sys/devices/platform/soc/soc:firmware/get_throttled', 'sys/class/hwmon/hwmon0/in0_lcrit_alarm'],
    ...['sys/class/thermal/cooling_device0/type', 'sys/class/thermal/cooling_device0/cur_state', 'proc/uptime'],
    ...['sys/devices/system/cpu/cpu0/cpufreq/cpuinfo_max_freq', 'sys/devices/system/cpu/cpu0/cpufreq/scaling_max_freq'],
    ...['var/lib/nvpmodel/status', 'etc/nvpmodel.conf', 'sys/class/devfreq/gpu/min_freq', 'etc/os-release'],
    ...['proc/self/cgroup', 'sys/fs/cgroup/cpu.max', 'sys/fs/cgroup/cpu/cpu.cfs_quota_us', 'proc/1/stat'],
  ];
  const text = fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('-1', 'NaN', '1e400', '0 0', 'pmode:9', '5'));
  fc.assert(
    fc.property(fc.dictionary(fc.constantFrom(...paths), text), text, (tree, printed) => {
      const files = deviceFiles(tree);
      for (const { isNow } of readThrottling(files, printed)) expect(typeof isNow).toBe('boolean');
      const limit = readClockLimit(files);
      if (limit !== undefined) expect(limit.mhz > 0 && limit.mhz < limit.ofMhz).toBe(true);
      const quota = readCpuQuota(files);
      if (quota !== undefined) expect(quota.cpus).toBeGreaterThan(0);
      readPowerMode(files);
      readSystemKind(files);
      for (const { cpus } of busySinceStart(files, () => false)) expect(cpus).toBeGreaterThan(0);
      parseNvidiaSmi(printed);
    }),
  );
});
