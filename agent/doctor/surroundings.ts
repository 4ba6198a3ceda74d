// What besides the measured program itself decides about speed: what the device says of its own throttling, limits on
// its clocks and processors, what else runs, and what kind of system it is.
import {
  type BusyProcess,
  busySinceStart,
  type ProgramKind,
  programKind,
  programNames,
} from '../device/busy-processes.ts';
import { type ClockLimit, readClockLimit } from '../device/clock-limit.ts';
import { type CpuQuota, readCpuQuota } from '../device/cpu-quota.ts';
import { type GpuState, parseNvidiaSmi } from '../device/nvidia-smi.ts';
import { type PowerMode, readPowerMode } from '../device/power-mode.ts';
import type { SystemFiles } from '../device/system-files.ts';
import { readSystemKind, type SystemKind } from '../device/system-kind.ts';
import { readThrottling, type Throttling } from '../device/throttling.ts';

export interface Surroundings {
  readonly kind: SystemKind;
  readonly throttling: readonly Throttling[];
  readonly clockLimit: ClockLimit | null;
  readonly powerMode: PowerMode | null;
  readonly gpus: readonly GpuState[];
  readonly cpuQuota: CpuQuota | null;
  /** Other programs, the busiest first. */
  readonly busy: readonly BusyProcess[];
  /** Desktops and browsers that run, busy or not. */
  readonly running: readonly { readonly name: string; readonly kind: ProgramKind }[];
}

/** What programs of the device printed, where there are such programs. */
export interface ProgramAnswers {
  /** The answer of `vcgencmd get_throttled`. */
  readonly vcgencmd?: string | undefined;
  /** The answer of nvidia-smi, asked with `nvidiaSmiArguments`. */
  readonly nvidiaSmi?: string | undefined;
}

/** Reads all of it; nothing is changed.
 * @param busy what was busy over a moment; default: on average since each program was started */
export function readSurroundings(
  files: SystemFiles,
  answers: ProgramAnswers = {},
  busy?: readonly BusyProcess[],
): Surroundings {
  const isOwn = (pid: number): boolean => pid === process.pid || pid === process.ppid;
  return {
    kind: readSystemKind(files),
    throttling: readThrottling(files, answers.vcgencmd),
    clockLimit: readClockLimit(files) ?? null,
    powerMode: readPowerMode(files) ?? null,
    gpus: parseNvidiaSmi(answers.nvidiaSmi ?? ''),
    cpuQuota: readCpuQuota(files) ?? null,
    busy: busy ?? busySinceStart(files, isOwn),
    running: programNames(files).flatMap((name) => {
      const kind = programKind(name);
      return kind === undefined ? [] : [{ name, kind }];
    }),
  };
}
