// How the device is doing right now: frequency, governor, turbo, load, temperature. Read before and after measuring.
import type { SystemFiles } from './system-files.ts';

export interface DeviceState {
  /** Highest current core frequency, MHz. */
  readonly frequencyMhz: number | null;
  /** Highest frequency that any core can reach, MHz. */
  readonly maxFrequencyMhz: number | null;
  /** `performance`, or `schedutil, performance` where cores differ. */
  readonly governor: string | null;
  /** Whether the processor may exceed its base frequency. */
  readonly turbo: boolean | null;
  readonly load1: number | null;
  /** Hottest CPU or accelerator sensor. */
  readonly temperatureC: number | null;
  /** Lowest temperature at which the kernel says it slows down. */
  readonly throttleC: number | null;
}

const cpus = 'sys/devices/system/cpu';

/** Sensors of processors and accelerators. Not PMIC (a fixed 100 °C on Jetsons), not radios, disks or ACPI's guess. */
const wantedSensor = /cpu|soc|pkg|package|core|cluster|big|little|gpu|tj|k10temp|zenpower/i;
const unwantedSensor = /pmic|iwlwifi|nvme|battery/i;

/** Whether a thermal zone or a hardware monitor of that name is about a processor or an accelerator. */
export function isProcessorSensor(name: string | undefined): boolean {
  return name !== undefined && wantedSensor.test(name) && !unwantedSensor.test(name);
}

/** Frequency, governor, load and temperature as they are now; null for what the kernel does not say. */
export function readState(files: SystemFiles): DeviceState {
  const policies = files
    .list(cpus)
    .filter((name) => /^cpu\d+$/.test(name))
    .map((name) => `${cpus}/${name}/cpufreq`);
  const governors = new Set(policies.map((policy) => files.text(`${policy}/scaling_governor`)).filter(isKnown));
  const loadText = files.text('proc/loadavg')?.split(' ')[0];
  const load = loadText === undefined ? Number.NaN : Number(loadText);
  return {
    frequencyMhz: currentMhz(files, policies),
    maxFrequencyMhz: highest(
      policies.map((policy) => files.number(`${policy}/cpuinfo_max_freq`)),
      1000,
    ),
    governor: governors.size === 0 ? null : [...governors].sort().join(', '),
    turbo: readTurbo(files),
    load1: Number.isFinite(load) && load >= 0 ? load : null,
    ...readTemperature(files),
  };
}

function currentMhz(files: SystemFiles, policies: readonly string[]): number | null {
  const scaling = highest(
    policies.map((policy) => files.number(`${policy}/scaling_cur_freq`)),
    1000,
  );
  if (scaling !== null) return scaling;
  const lines = [...(files.text('proc/cpuinfo') ?? '').matchAll(/^cpu MHz\s*:\s*([\d.]+)$/gm)];
  return highest(
    lines.map((line) => Number(line[1])),
    1,
  );
}

function readTurbo(files: SystemFiles): boolean | null {
  const noTurbo = files.number(`${cpus}/intel_pstate/no_turbo`);
  if (noTurbo !== undefined) return noTurbo === 0;
  const boost = files.number(`${cpus}/cpufreq/boost`);
  return boost === undefined ? null : boost === 1;
}

function readTemperature(files: SystemFiles): { temperatureC: number | null; throttleC: number | null } {
  const current: (number | undefined)[] = [];
  const limits: number[] = [];
  for (const zone of files.list('sys/class/thermal').filter((name) => name.startsWith('thermal_zone'))) {
    const path = `sys/class/thermal/${zone}`;
    if (!isProcessorSensor(files.text(`${path}/type`))) continue;
    current.push(degrees(files.number(`${path}/temp`)));
    for (const entry of files.list(path)) {
      const trip = /^trip_point_(\d+)_type$/.exec(entry)?.[1];
      if (trip === undefined || files.text(`${path}/${entry}`) !== 'passive') continue;
      const limit = degrees(files.number(`${path}/trip_point_${trip}_temp`));
      if (limit !== undefined && limit > 0) limits.push(limit);
    }
  }
  for (const monitor of files.list('sys/class/hwmon')) {
    const path = `sys/class/hwmon/${monitor}`;
    if (!isProcessorSensor(files.text(`${path}/name`))) continue;
    for (const entry of files.list(path))
      if (/^temp\d+_input$/.test(entry)) current.push(degrees(files.number(`${path}/${entry}`)));
  }
  return { temperatureC: highest(current, 1), throttleC: limits.length === 0 ? null : Math.min(...limits) };
}

/** The kernel's thousandths of a degree; the drivers of some boards write whole degrees. */
function degrees(value: number | undefined): number | undefined {
  return value === undefined || Math.abs(value) <= 200 ? value : value / 1000;
}

/** Highest of the known positive values, divided by `unit`; null where none is known. */
function highest(values: readonly (number | undefined)[], unit: number): number | null {
  const usable = values.filter(isKnown).filter((value) => value > 0);
  return usable.length === 0 ? null : Math.max(...usable) / unit;
}

function isKnown<T>(value: T | undefined): value is T {
  return value !== undefined;
}
