// How fast a predictor is trained: steps a second and a whole fit, on one core where `taskset` can hold it there; and
// the Python reference on the same core in turn with it, where torch is present and SUGARBUSH_REFERENCE names its file.
import { execFile, spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { quantileOf } from './statistics.ts';
import type { FitTimes } from './training-fit.ts';

export interface Spread {
  readonly samples: number;
  readonly median: number;
  /** Half the distance between the quartiles. */
  readonly spread: number;
}

interface FitSeconds {
  /** Wall clock. */
  readonly seconds: Spread;
  readonly cpuSeconds: Spread;
}

export interface TrainingResult {
  readonly searchSpace: (typeof spaces)[number];
  readonly steps: number;
  /** The core that every fit was held to; undefined where none could be. */
  readonly core: number | undefined;
  /** Over the calls of the Scan, without the first of each fit. */
  readonly stepsPerSecond: Spread;
  readonly fit: FitSeconds;
  /** undefined without SUGARBUSH_REFERENCE or without torch. */
  readonly reference: FitSeconds | undefined;
  /** Seconds of the reference over ours, medians of the same run: above 1, ours is faster. */
  readonly speedup: { readonly wall: number; readonly cpu: number } | undefined;
}

export interface TrainingOptions {
  readonly steps?: number;
  /** Fits of each kind. */
  readonly rounds?: number;
  readonly onProgress?: (done: string) => void;
}

const spaces = ['nasbench201', 'fbnet'] as const;
const python = '/usr/bin/python3';
const file = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

/** Times training steps and whole fits, and the Python reference in turn with them where there is one. */
export async function benchTraining(options: TrainingOptions = {}): Promise<TrainingResult[]> {
  const { steps = 800, rounds = 2, onProgress = () => {} } = options;
  const core = usableCore();
  const reference = usableReference();
  const pinned = async <T>(program: string, args: readonly string[]): Promise<T> => {
    const command = core === undefined ? [program, ...args] : ['taskset', '-c', String(core), program, ...args];
    const { stdout } = await promisify(execFile)(command[0]!, command.slice(1), { maxBuffer: 2 ** 24 });
    return JSON.parse(stdout) as T;
  };
  const results: TrainingResult[] = [];
  for (const searchSpace of spaces) {
    const own: FitTimes[] = [];
    const theirs: Omit<FitTimes, 'stepMs'>[] = [];
    for (let seed = 0; seed < rounds; seed++) {
      const args = [searchSpace, String(steps), String(seed)];
      own.push(await pinned<FitTimes>(process.execPath, [file('./training-fit.ts'), ...args]));
      onProgress(`${searchSpace} fit ${seed + 1} of ${rounds}: ${own[seed]!.seconds.toFixed(1)} s`);
      if (!reference) continue;
      theirs.push(await pinned(python, [file('./reference-fit.py'), reference, file('../..'), ...args]));
      onProgress(`${searchSpace} reference ${seed + 1} of ${rounds}: ${theirs[seed]!.seconds.toFixed(1)} s`);
    }
    const fit = secondsOf(own);
    const other = reference ? secondsOf(theirs) : undefined;
    results.push({
      searchSpace,
      steps,
      core,
      stepsPerSecond: spreadOf(own.flatMap((times) => times.stepMs.map((ms) => 1000 / ms))),
      fit,
      reference: other,
      speedup: other && {
        wall: other.seconds.median / fit.seconds.median,
        cpu: other.cpuSeconds.median / fit.cpuSeconds.median,
      },
    });
  }
  return results;
}

const secondsOf = (times: readonly Omit<FitTimes, 'stepMs'>[]): FitSeconds => ({
  seconds: spreadOf(times.map((t) => t.seconds)),
  cpuSeconds: spreadOf(times.map((t) => t.cpuSeconds)),
});

const spreadOf = (values: readonly number[]): Spread => ({
  samples: values.length,
  median: quantileOf(values, 0.5),
  spread: (quantileOf(values, 0.75) - quantileOf(values, 0.25)) / 2,
});

/** The last core that this process may run on, if processes can be held to one. */
function usableCore(): number | undefined {
  const { status, stdout } = spawnSync('taskset', ['-cp', String(process.pid)], { encoding: 'utf8' });
  const last = /(\d+)\s*$/.exec(stdout ?? '')?.[1];
  return status === 0 && last !== undefined ? Number(last) : undefined;
}

/** Path of the reference, if it is named and can run here. */
function usableReference(): string | undefined {
  const path = process.env['SUGARBUSH_REFERENCE'];
  if (!path) return undefined;
  const { status } = spawnSync(python, ['-c', 'import torch, scipy'], { stdio: 'ignore' });
  return status === 0 ? path : undefined;
}

/** The times of training as lines for a terminal. */
export function trainingTable(results: readonly TrainingResult[]): string {
  const lines = results.flatMap(({ searchSpace, steps, core, stepsPerSecond, fit, reference, speedup }) => [
    `${searchSpace}, ${steps} steps${core === undefined ? '' : `, on core ${core} alone`}`,
    `  steps/s      ${shown(stepsPerSecond, 1)}`,
    `  fit          ${shown(fit.seconds, 1)} s, ${shown(fit.cpuSeconds, 1)} s of CPU`,
    ...(reference && speedup
      ? [
          `  reference    ${shown(reference.seconds, 1)} s, ${shown(reference.cpuSeconds, 1)} s of CPU`,
          `  ratio        ${speedup.wall.toFixed(2)} (reference over fit; ${speedup.cpu.toFixed(2)} of CPU time)`,
        ]
      : []),
  ]);
  const missing = `No reference: set SUGARBUSH_REFERENCE to its predictor.py, with torch for ${python}.`;
  return [...lines, ...(results.some((r) => r.reference) ? [] : [missing])].join('\n');
}

const shown = ({ median, spread, samples }: Spread, digits: number): string =>
  `${median.toFixed(digits)} ± ${spread.toFixed(digits)} (${samples})`;
