// Waits for a device that is cool and idle. While the agent itself rests, every busy processor is somebody else's.
import { setTimeout as sleep } from 'node:timers/promises';
import { readState } from './state.ts';
import type { SystemFiles } from './system-files.ts';

export interface QuietRule {
  /** Pause before every measurement. */
  readonly pauseMs: number;
  /** Processors that others may keep busy, 1 is one whole processor. */
  readonly maxBusyCpus: number;
  /** Degrees below the temperature at which the device slows down. */
  readonly coolMarginC: number;
  /** Longest wait before one measurement. */
  readonly maxWaitMs: number;
}

export const defaultQuietRule: QuietRule = { pauseMs: 100, maxBusyCpus: 0.3, coolMarginC: 5, maxWaitMs: 10_000 };

export interface Quiet {
  /** What was still wrong when the wait was over. */
  readonly disturbedBy?: string;
}

/** Pauses, and goes on pausing until the device is cool and idle or `maxWaitMs` have passed. Rejects when `signal`
 * aborts. */
export async function waitForQuiet(files: SystemFiles, rule: QuietRule, signal?: AbortSignal): Promise<Quiet> {
  const deadline = Date.now() + rule.maxWaitMs;
  for (;;) {
    const before = cpuTimes(files);
    await sleep(rule.pauseMs, undefined, signal === undefined ? {} : { signal });
    const busyCpus = busyBetween(before, cpuTimes(files));
    const { temperatureC, throttleC } = readState(files);
    const isHot = temperatureC !== null && throttleC !== null && temperatureC > throttleC - rule.coolMarginC;
    const isBusy = busyCpus !== undefined && busyCpus > rule.maxBusyCpus;
    if (!isHot && !isBusy) return {};
    if (Date.now() >= deadline) {
      return {
        disturbedBy: isHot
          ? `${temperatureC} °C, slows down at ${throttleC} °C`
          : `others keep ${busyCpus!.toFixed(1)} processors busy`,
      };
    }
  }
}

interface CpuTimes {
  readonly idle: number;
  readonly total: number;
  readonly cpus: number;
}

/** Summed over processors, in the kernel's ticks: proc(5), /proc/stat. */
export function cpuTimes(files: SystemFiles): CpuTimes | undefined {
  const stat = files.text('proc/stat');
  const ticks = /^cpu\s+([\d ]+)$/m
    .exec(stat ?? '')?.[1]
    ?.trim()
    .split(/\s+/)
    .map(Number);
  if (ticks === undefined || ticks.length < 5) return undefined;
  // user nice system idle iowait irq softirq steal; guest times are part of user and nice.
  const counted = ticks.slice(0, 8);
  return {
    idle: counted[3]! + counted[4]!,
    total: counted.reduce((sum, t) => sum + t, 0),
    cpus: [...(stat ?? '').matchAll(/^cpu\d+ /gm)].length,
  };
}

/** Processors busy on average between two readings; undefined where too little time passed to tell. */
export function busyBetween(before: CpuTimes | undefined, after: CpuTimes | undefined): number | undefined {
  if (before === undefined || after === undefined) return undefined;
  const total = after.total - before.total;
  return total < 1 ? undefined : (1 - (after.idle - before.idle) / total) * after.cpus;
}
