// The perf program of this device: where it is, which version, how it is asked to count a command.
import { randomUUID } from 'node:crypto';
import { readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findProgram } from '../process/find-program.ts';
import { type ProgramOptions, type ProgramResult, runProgram } from '../process/run-program.ts';
import { parsePerfCsv } from './parse-csv.ts';
import { parsePerfJson } from './parse-json.ts';
import type { PerfOutput } from './row.ts';

export interface Perf {
  readonly path: string;
  /** `6.1.192` */
  readonly version: string;
  readonly canWriteJson: boolean;
  /** Counters that are switched around a region (`--control`): since perf 5.8. */
  readonly hasControl: boolean;
}

/** @returns undefined where there is no perf that starts (Ubuntu's wrapper fails when it does not fit the kernel). */
export async function findPerf(path?: string): Promise<Perf | undefined> {
  const program = findProgram('perf', path);
  if (program === undefined) return undefined;
  const answer = await runProgram([program, '--version'], { timeoutS: 10 });
  const version = /^perf version (\S+)/m.exec(answer.stdout)?.[1];
  if (answer.exitCode !== 0 || version === undefined) return undefined;
  const [major = 0, minor = 0] = version.split('.').map((part) => Number.parseInt(part, 10) || 0);
  return {
    path: program,
    version,
    canWriteJson: major > 6 || (major === 6 && minor >= 1),
    hasControl: major > 5 || (major === 5 && minor >= 8),
  };
}

export interface PerfRun extends PerfOutput {
  readonly program: ProgramResult;
}

/** Counts `events` over `command`. The rows go to a file of their own, so that nothing mixes with them.
 * @param extra options before the events, such as `-D -1`. */
export async function perfStat(
  perf: Perf,
  events: string,
  command: readonly string[],
  options: ProgramOptions,
  extra: readonly string[] = [],
): Promise<PerfRun> {
  const file = join(tmpdir(), `sugarbush-perf-${randomUUID()}`);
  const format = perf.canWriteJson ? ['-j'] : ['-x', ';'];
  try {
    const argv = [perf.path, 'stat', ...format, '-o', file, ...extra, '-e', events, '--', ...command] as const;
    const program = await runProgram(argv as unknown as [string, ...string[]], options);
    const text = readOrEmpty(file);
    return { program, ...(perf.canWriteJson ? parsePerfJson(text) : parsePerfCsv(text)) };
  } finally {
    rmSync(file, { force: true });
  }
}

function readOrEmpty(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
