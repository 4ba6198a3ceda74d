// What the device says of its own slowing down: too little voltage, too much heat or current, now or since its start.
// Sources: Raspberry Pi documentation, vcgencmd get_throttled; Linux, Documentation/hwmon/sysfs-interface.rst and
// Documentation/driver-api/thermal/sysfs-api.rst.
import { isProcessorSensor } from './state.ts';
import type { SystemFiles } from './system-files.ts';

export interface Throttling {
  readonly cause: 'voltage' | 'clock' | 'heat' | 'current';
  /** Otherwise it happened since the device was started. */
  readonly isNow: boolean;
  /** Who says so. */
  readonly source: string;
}

/** Everything of that kind that the device says; empty where it says nothing.
 * @param vcgencmd what `vcgencmd get_throttled` printed, where the kernel has no file for it */
export function readThrottling(files: SystemFiles, vcgencmd?: string): Throttling[] {
  const firmware = firmwareBits(files) ?? parseThrottled(vcgencmd ?? '');
  return [
    ...(firmware === undefined ? [] : fromFirmware(firmware)),
    ...files.list('sys/class/hwmon').flatMap((monitor) => fromMonitor(files, `sys/class/hwmon/${monitor}`)),
    ...fromCooling(files),
    ...fromProcessor(files),
  ];
}

/** `50005`, `0x50005`, `throttled=0x50005` → its bits; undefined for anything else. */
export function parseThrottled(text: string): number | undefined {
  const digits = /^(?:throttled=)?(?:0x)?([0-9a-f]{1,8})$/i.exec(text.trim())?.[1];
  return digits === undefined ? undefined : Number.parseInt(digits, 16);
}

/** `sys/devices/platform/soc/soc:firmware/get_throttled`, under other names on other boards. */
function firmwareBits(files: SystemFiles): number | undefined {
  const platform = 'sys/devices/platform';
  const below = files.list(platform).flatMap((name) => {
    const inside = files.list(`${platform}/${name}`).map((entry) => `${platform}/${name}/${entry}`);
    return [`${platform}/${name}`, ...inside];
  });
  const texts = below.filter((path) => path.endsWith('firmware')).map((path) => files.text(`${path}/get_throttled`));
  return texts
    .map((text) => (text === undefined ? undefined : parseThrottled(text)))
    .find((bits) => bits !== undefined);
}

/** Bits 0 to 3 are now, bits 16 to 19 the same since the start. */
const firmwareCauses = ['voltage', 'clock', 'heat', 'heat'] as const;

function fromFirmware(bits: number): Throttling[] {
  const source = `get_throttled is 0x${bits.toString(16)}`;
  return firmwareCauses.flatMap((cause, bit) => {
    const isNow = (bits >> bit) % 2 === 1;
    const wasOnce = (bits >> (bit + 16)) % 2 === 1;
    return isNow || wasOnce ? [{ cause, isNow, source }] : [];
  });
}

function fromMonitor(files: SystemFiles, path: string): Throttling[] {
  const name = files.text(`${path}/name`) ?? '';
  return files.list(path).flatMap((entry) => {
    const value = files.number(`${path}/${entry}`) ?? 0;
    const cause = value > 0 ? alarmCause(name, entry) : undefined;
    const isCounter = entry.endsWith('_cnt');
    return cause === undefined ? [] : [{ cause, isNow: !isCounter, source: `${name} ${entry} is ${value}` }];
  });
}

/** Inputs that are not connected raise alarms on many boards of PCs: only what is surely about the processor counts. */
function alarmCause(name: string, entry: string): Throttling['cause'] | undefined {
  if (/^in\d+_lcrit_alarm$/.test(entry) || (/volt/i.test(name) && /^in\d+_(min_)?alarm$/.test(entry))) return 'voltage';
  if (isProcessorSensor(name) && /^temp\d+_(crit|max|emergency)_alarm$/.test(entry)) return 'heat';
  // Jetson: the power monitor, and the counters of over-current events.
  if (/^ina\d+/.test(name) && /^curr\d+_(crit|max)_alarm$/.test(entry)) return 'current';
  return /^oc\d+_event_cnt$/.test(entry) ? 'current' : undefined;
}

/** The kernel itself holds the clock down: a cooling device of a processor that is not at 0. */
function fromCooling(files: SystemFiles): Throttling[] {
  return files.list('sys/class/thermal').flatMap((name) => {
    const path = `sys/class/thermal/${name}`;
    const type = name.startsWith('cooling_device') ? (files.text(`${path}/type`) ?? '') : '';
    const state = files.number(`${path}/cur_state`) ?? 0;
    if (!/cpufreq|devfreq|^processor$/i.test(type) || state <= 0) return [];
    return [{ cause: 'heat' as const, isNow: true, source: `${name} (${type}) is at ${state}` }];
  });
}

/** Intel counts how often the package had to slow down. */
function fromProcessor(files: SystemFiles): Throttling[] {
  const count = files.number('sys/devices/system/cpu/cpu0/thermal_throttle/package_throttle_count') ?? 0;
  return count > 0 ? [{ cause: 'heat', isNow: false, source: `package_throttle_count is ${count}` }] : [];
}
