// The valgrind of this device, and a program run under its cachegrind: counts of instructions and of the misses of
// simulated caches, the same wherever and whenever it runs. It needs no PMU and no permission, and takes some fifty
// times as long.
import { randomUUID } from 'node:crypto';
import { readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DomainError } from '#core/errors.ts';
import { findProgram } from '../process/find-program.ts';
import { describeEnd, lastLines, type ProgramOptions, runProgram } from '../process/run-program.ts';
import { type CachegrindTotals, parseTotals } from './totals.ts';

export interface Valgrind {
  readonly path: string;
  /** `valgrind-3.19.0` */
  readonly version: string;
}

/** Size, ways and bytes of a line of the simulated caches, stated so that they are the same on every device. */
export const simulatedCaches = { first: '32768,8,64', last: '8388608,16,64' } as const;

/** @param path searched instead of PATH */
export async function findValgrind(path?: string): Promise<Valgrind | undefined> {
  const program = findProgram('valgrind', path);
  if (program === undefined) return undefined;
  const { exitCode, stdout } = await runProgram([program, '--version'], { timeoutS: 10 });
  const version = stdout.trim();
  return exitCode === 0 && /^valgrind-\d/.test(version) ? { path: program, version } : undefined;
}

/** What a command counts from its start to its end.
 * @param before words to put before valgrind itself
 * @throws DomainError `program-failed`, `program-timeout`, `cancelled` */
export async function countUnderCachegrind(
  valgrind: Valgrind,
  command: readonly string[],
  options: ProgramOptions,
  before: readonly string[] = [],
): Promise<CachegrindTotals> {
  const file = join(tmpdir(), `sugarbush-cachegrind-${randomUUID()}`);
  const { first, last } = simulatedCaches;
  const tool = ['--tool=cachegrind', '--cache-sim=yes', `--I1=${first}`, `--D1=${first}`, `--LL=${last}`];
  try {
    const words = [...before, valgrind.path, ...tool, `--cachegrind-out-file=${file}`, ...command];
    const program = await runProgram(words as [string, ...string[]], options);
    if (program.exitCode !== 0) {
      throw new DomainError(
        program.timedOut ? 'program-timeout' : 'program-failed',
        `cachegrind: ${describeEnd(program, options.timeoutS)}; it said:\n${lastLines(program.stderr)}`,
      );
    }
    const totals = parseTotals(readFileSync(file, 'utf8'));
    if (totals !== undefined) return totals;
    throw new DomainError('program-failed', `cachegrind wrote no totals of all events that are asked of it`);
  } finally {
    rmSync(file, { force: true });
  }
}
