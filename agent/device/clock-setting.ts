// How the clocks of the processors are set, as far as it changes every latency: unlike their frequency right now, this
// stays as it is until somebody changes it.
import { readState } from './state.ts';
import type { SystemFiles } from './system-files.ts';

export interface ClockSetting {
  /** `performance`, or `schedutil, performance` where processors differ; null: not known. */
  readonly governor: string | null;
  readonly turbo: boolean | null;
  /** Highest clock that processors are allowed, MHz, each value once; null: not known. */
  readonly mostMhz: readonly number[] | null;
}

/** Read from /sys; null for what the kernel does not say. */
export function readClockSetting(files: SystemFiles): ClockSetting {
  const { governor, turbo } = readState(files);
  const folder = 'sys/devices/system/cpu';
  const limits = files
    .list(folder)
    .filter((name) => /^cpu\d+$/.test(name))
    .map((name) => files.number(`${folder}/${name}/cpufreq/scaling_max_freq`))
    .filter((khz) => khz !== undefined && khz > 0)
    .map((khz) => khz! / 1000);
  const mostMhz = [...new Set(limits)].sort((a, b) => a - b);
  return { governor, turbo, mostMhz: mostMhz.length === 0 ? null : mostMhz };
}
