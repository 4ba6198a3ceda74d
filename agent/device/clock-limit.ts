// Processors whose clock stands below what they could do: limited by a setting, or lower than a governor that asks for
// the highest clock explains.
import type { SystemFiles } from './system-files.ts';

export interface ClockLimit {
  /** `0-3` would be written as [0, 1, 2, 3]. */
  readonly cpus: readonly number[];
  /** Highest that they are allowed, or, for `below`, that they run at now, MHz. */
  readonly mhz: number;
  /** Highest that they can reach, or that they are allowed, MHz. */
  readonly ofMhz: number;
  readonly kind: 'limited' | 'below';
}

/** Those of them with the greatest loss; undefined where every clock is as it should be, or nothing is known. */
export function readClockLimit(files: SystemFiles): ClockLimit | undefined {
  const clocks = files
    .list('sys/devices/system/cpu')
    .flatMap((name) => /^cpu(\d+)$/.exec(name)?.[1] ?? [])
    .map((number) => clockOf(files, Number(number)))
    .filter((clock) => clock !== undefined);
  const worst = (['limited', 'below'] as const)
    .map((kind) => clocks.filter((clock) => clock.kind === kind))
    .find((some) => some.length > 0);
  if (worst === undefined) return undefined;
  const lowest = worst.reduce((a, b) => (b.mhz / b.ofMhz < a.mhz / a.ofMhz ? b : a));
  const like = worst.filter(({ mhz, ofMhz }) => mhz === lowest.mhz && ofMhz === lowest.ofMhz);
  return { cpus: like.map(({ cpu }) => cpu), mhz: lowest.mhz, ofMhz: lowest.ofMhz, kind: lowest.kind };
}

interface Clock {
  readonly cpu: number;
  readonly mhz: number;
  readonly ofMhz: number;
  readonly kind: ClockLimit['kind'];
}

function clockOf(files: SystemFiles, cpu: number): Clock | undefined {
  const path = `sys/devices/system/cpu/cpu${cpu}/cpufreq`;
  const khz = (name: string): number => files.number(`${path}/${name}`) ?? 0;
  const most = khz('cpuinfo_max_freq');
  const allowed = khz('scaling_max_freq') || most;
  if (most <= 0) return undefined;
  if (allowed > 0 && allowed < 0.99 * most) return { cpu, mhz: allowed / 1000, ofMhz: most / 1000, kind: 'limited' };
  // Drivers that leave the clock to the processor show that of an idle one, whatever the governor.
  const isOwn = /pstate|cppc/i.test(files.text(`${path}/scaling_driver`) ?? '');
  const now = khz('scaling_cur_freq');
  const isHeld = files.text(`${path}/scaling_governor`) === 'performance' && !isOwn;
  if (!isHeld || now <= 0 || now >= 0.95 * allowed) return undefined;
  return { cpu, mhz: now / 1000, ofMhz: allowed / 1000, kind: 'below' };
}
