// The perf program of this device: where it is, which version, how it is asked to count a command.
import { randomUUID } from 'node:crypto';
import { readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type SystemFiles, systemFiles } from '../device/system-files.ts';
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

/** The perf of PATH; where that does not start (Ubuntu's wrapper fails when no package fits the kernel, as with WSL2
 * and Jetsons), one that its packages left elsewhere: any perf counts on any kernel.
 * @param path searched instead of PATH, and nothing besides
 * @returns undefined where there is no perf that starts */
export async function findPerf(path?: string): Promise<Perf | undefined> {
  const program = findProgram('perf', path);
  const others = path === undefined ? packagedPerfs(systemFiles()) : [];
  for (const candidate of program === undefined ? others : [program, ...others]) {
    const perf = await askVersion(candidate);
    if ('version' in perf) return perf;
  }
  return undefined;
}

/** Why the perf of PATH does not start, in its own words, on one line; undefined where it does, or there is none. */
export async function whyNoPerf(path?: string): Promise<string | undefined> {
  const program = findProgram('perf', path);
  const answer = program === undefined ? undefined : await askVersion(program);
  return answer === undefined || 'version' in answer ? undefined : answer.said;
}

async function askVersion(program: string): Promise<Perf | { readonly said: string }> {
  const answer = await runProgram([program, '--version'], { timeoutS: 10 });
  const version = /^perf version (\S+)/m.exec(answer.stdout)?.[1];
  if (answer.exitCode !== 0 || version === undefined) {
    return { said: (answer.stderr || answer.stdout).trim().replace(/\s+/g, ' ').slice(0, 200) || 'nothing' };
  }
  const [major = 0, minor = 0] = version.split('.').map((part) => Number.parseInt(part, 10) || 0);
  return {
    path: program,
    version,
    canWriteJson: major > 6 || (major === 6 && minor >= 1),
    hasControl: major > 5 || (major === 5 && minor >= 8),
  };
}

/** Where Ubuntu's packages of kernels put it: a folder for each kernel, the newest first. */
export function packagedPerfs(files: SystemFiles): string[] {
  const lib = 'usr/lib';
  const folders = [
    ...files.list(`${lib}/linux-tools`).map((name) => `${lib}/linux-tools/${name}`),
    ...files.list(lib).flatMap((name) => (name.startsWith('linux-tools-') ? [`${lib}/${name}`] : [])),
  ];
  return folders
    .filter((folder) => files.list(folder).includes('perf'))
    .map((folder) => `/${folder}/perf`)
    .reverse();
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
