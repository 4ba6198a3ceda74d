// The usual reasons why a device is slower or noisier than it could be, each with what to do about it. Pure.
import { type BusyProcess, programKind } from '../device/busy-processes.ts';
import type { ClockLimit } from '../device/clock-limit.ts';
import type { CpuQuota } from '../device/cpu-quota.ts';
import type { GpuState } from '../device/nvidia-smi.ts';
import type { PowerMode } from '../device/power-mode.ts';
import type { Throttling } from '../device/throttling.ts';
import type { Surroundings } from './surroundings.ts';

export interface Culprit {
  readonly about: string;
  readonly text: string;
}

/** @param processors that this process may use; undefined: not known */
export function nameCulprits(surroundings: Surroundings, processors: number | undefined): Culprit[] {
  const { throttling, clockLimit, powerMode, gpus, cpuQuota, busy } = surroundings;
  const isJetson = powerMode !== null;
  return [
    ...causes.flatMap((cause) => aboutThrottling(throttling.filter((each) => each.cause === cause))),
    ...(clockLimit === null ? [] : [aboutClock(clockLimit, isJetson)]),
    ...(powerMode === null ? [] : aboutPowerMode(powerMode)),
    ...gpus.flatMap(aboutGpu),
    ...(cpuQuota === null ? [] : aboutQuota(cpuQuota, processors)),
    ...aboutPrograms(busy),
  ];
}

const causes = ['voltage', 'heat', 'current', 'clock'] as const;

const throttlingWords: Readonly<Record<Throttling['cause'], readonly [string, string]>> = {
  voltage: ['under-voltage', 'use a stronger power supply and a short, thick cable, and unplug what draws from USB'],
  heat: ['throttled for heat', 'give it a heat sink and a fan, or pause longer with --cool-down'],
  current: ['over-current', 'use a power supply of the wattage that its power mode needs'],
  clock: ['its firmware caps the clock', 'look for under-voltage and heat; the clock comes back once they are gone'],
};

function aboutThrottling(found: readonly Throttling[]): Culprit[] {
  const [first] = found;
  if (first === undefined) return [];
  const [what, way] = throttlingWords[first.cause];
  const when = found.some(({ isNow }) => isNow) ? 'now' : 'since it was started, not now';
  const sources = [...new Set(found.map(({ source }) => source))].join('; ');
  const about = first.cause === 'heat' ? 'heat' : first.cause === 'clock' ? 'clock' : 'power supply';
  return [{ about, text: `${what} ${when} (${sources}): ${way}.` }];
}

function aboutClock({ cpus, mhz, ofMhz, kind }: ClockLimit, isJetson: boolean): Culprit {
  const who = `${cpus.length === 1 ? 'processor' : 'processors'} ${cpus.join(', ')}`;
  if (kind === 'below') {
    const text =
      `${who} run at ${mhz} MHz of ${ofMhz} MHz although the governor is 'performance': the hardware holds the clock ` +
      'down, mostly for heat or a weak power supply.';
    return { about: 'clock', text };
  }
  const way = isJetson
    ? 'the power mode sets that (sudo nvpmodel -q)'
    : `to lift it until the next restart: sudo cpupower frequency-set --max ${ofMhz}MHz`;
  return { about: 'clock', text: `the clock of ${who} is limited to ${mhz} MHz of ${ofMhz} MHz: ${way}.` };
}

function aboutPowerMode({ id, name, fastest, gpuMhz }: PowerMode): Culprit[] {
  const called = (mode: { id: number | null; name: string | null }): string =>
    `${mode.id}${mode.name === null ? '' : ` (${mode.name})`}`;
  const culprits: Culprit[] = [];
  if (fastest !== null) {
    const text =
      `NVIDIA power mode ${called({ id, name })} has lower clocks than mode ${called(fastest)}: sudo nvpmodel -m ` +
      `${fastest.id}. Each mode is a target of its own.`;
    culprits.push({ about: 'power mode', text });
  }
  if (gpuMhz !== null && gpuMhz.least < gpuMhz.most) {
    const text =
      `the GPU's clock moves between ${gpuMhz.least} and ${gpuMhz.most} MHz. To hold it, and those of processors and ` +
      'memory, until the next restart: sudo jetson_clocks';
    culprits.push({ about: 'GPU clock', text });
  }
  return culprits;
}

function aboutGpu({ name, powerLimitW, usualPowerLimitW, heldBackBy }: GpuState): Culprit[] {
  const culprits: Culprit[] = [];
  if (heldBackBy.length > 0) {
    culprits.push({ about: 'GPU clock', text: `${name} runs slower than it could, for ${heldBackBy.join(' and ')}.` });
  }
  if (powerLimitW !== null && usualPowerLimitW !== null && powerLimitW < usualPowerLimitW) {
    const text =
      `${name} may take ${powerLimitW} W of the usual ${usualPowerLimitW} W: sudo nvidia-smi -pl ` +
      `${Math.round(usualPowerLimitW)}`;
    culprits.push({ about: 'GPU power', text });
  }
  return culprits;
}

function aboutQuota({ cpus, periodMs, stoppedPeriods }: CpuQuota, processors: number | undefined): Culprit[] {
  if (processors !== undefined && cpus >= processors) return [];
  const of = processors === undefined ? '' : ` of ${processors}`;
  const stopped = stoppedPeriods ? `, so far in ${stoppedPeriods} periods` : '';
  const text =
    `a CPU quota of ${Number(cpus.toFixed(2))}${of} processors: whoever uses more is stopped in the middle, for up ` +
    `to ${periodMs} ms${stopped}. Start the container without a limit, or with whole processors (--cpuset-cpus ` +
    'instead of --cpus).';
  return [{ about: 'CPU quota', text }];
}

/** A desktop and a browser disturb measurements long before a device counts as loaded. */
const leastCpus = { desktop: 0.05, browser: 0.05, other: 0.3 } as const;

function aboutPrograms(busy: readonly BusyProcess[]): Culprit[] {
  return (['desktop', 'browser', 'other'] as const).flatMap((kind) => {
    const some = busy.filter(({ name }) => (programKind(name) ?? 'other') === kind);
    const cpus = some.reduce((sum, each) => sum + each.cpus, 0);
    if (cpus < leastCpus[kind]) return [];
    const names = some.slice(0, 4).map((each) => `${each.name} ${each.cpus.toFixed(2)}`);
    const who = kind === 'other' ? 'other programs keep' : `a ${kind} keeps`;
    const text = `${who} ${cpus.toFixed(2)} processors busy (${names.join(', ')}): ${programWays[kind]}.`;
    return [{ about: kind === 'other' ? 'load' : kind, text }];
  });
}

const programWays = {
  desktop: 'measure without one: sudo systemctl isolate multi-user.target (and back: graphical.target)',
  browser: 'close it',
  other: 'stop them, or measure later',
} as const;
