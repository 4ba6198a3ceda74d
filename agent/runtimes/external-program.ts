// Runs a runtime's own program on a model and says clearly what went wrong: missing, failed, took too long.
import { DomainError } from '#core/errors.ts';
import { findProgram } from '../process/find-program.ts';
import { describeEnd, lastLines, type ProgramResult, runProgram } from '../process/run-program.ts';
import { pin } from '../worker/run-job.ts';

export interface ExternalProgram {
  /** What a person calls it, with a hint where it comes from. */
  readonly name: string;
  readonly hint: string;
  /** Name on PATH, or a path. */
  readonly program: string;
}

/** Path of a runtime's program.
 * @throws DomainError `program-missing` with what to do about it */
export function locate({ name, hint, program }: ExternalProgram): string {
  const path = findProgram(program);
  if (path === undefined)
    throw new DomainError('program-missing', `${name} not found: no program '${program}'. ${hint}`);
  return path;
}

export interface ExternalRun {
  readonly timeoutS: number;
  /** Time for building something first, s, on top of that. */
  readonly buildS?: number | undefined;
  readonly cpus: readonly number[] | undefined;
  readonly env?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

/** @throws DomainError `program-missing`, `program-failed`, `program-timeout`, `cancelled` */
export async function runExternal(
  program: ExternalProgram,
  args: readonly string[],
  run: ExternalRun,
): Promise<ProgramResult> {
  const argv = [...pin(run.cpus), locate(program), ...args] as [string, ...string[]];
  const result = await runProgram(argv, {
    timeoutS: run.timeoutS + (run.buildS ?? 0),
    ...(run.env === undefined ? {} : { env: run.env }),
    ...(run.signal === undefined ? {} : { signal: run.signal }),
  });
  if (result.exitCode === 0 && !result.timedOut) return result;
  const said = lastLines(result.stderr) || lastLines(result.stdout);
  throw new DomainError(
    result.timedOut ? 'program-timeout' : 'program-failed',
    `${program.name}: ${endOf(result, run)}${said === '' ? '' : `; it said:\n${said}`}`,
  );
}

function endOf(result: ProgramResult, { timeoutS, buildS }: ExternalRun): string {
  if (!result.timedOut || buildS === undefined) return describeEnd(result, timeoutS);
  return (
    `no end within ${timeoutS + buildS} s: ${buildS} s for building (--build-seconds; more of them may be what it ` +
    `needs) and ${timeoutS} s for measuring`
  );
}

/** The program ran, but what it printed cannot be read.
 * @param expected what is read, in words
 * @param problem what is wrong with what stands there; it names the line that comes nearest, where there is one
 * @param text all that it printed, of which the end is shown */
export function unexpectedOutput(
  program: ExternalProgram,
  expected: string,
  problem: string,
  text: string,
): DomainError {
  const shown = lastLines(text) || 'nothing';
  return new DomainError(
    'program-output',
    `${program.name}: its output cannot be read: ${problem}. Expected: ${expected}. It printed:\n${shown}`,
  );
}
