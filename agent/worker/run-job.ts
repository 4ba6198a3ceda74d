// Starts a measuring process for one job, pinned and under perf where wanted, and reads its result. A crash, a hang or
// nonsense on its output is an error with a reason, never a number.
import { randomUUID } from 'node:crypto';
import { readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DomainError } from '#core/errors.ts';
import { jsonOrUndefined } from '../json-or-undefined.ts';
import { controlOptions, makeControlPipes } from '../perf/control.ts';
import { parsePerfCsv } from '../perf/parse-csv.ts';
import { parsePerfJson } from '../perf/parse-json.ts';
import type { Perf } from '../perf/perf-command.ts';
import type { PerfRow } from '../perf/row.ts';
import { findProgram } from '../process/find-program.ts';
import { describeEnd, lastLines, type ProgramResult, runProgram } from '../process/run-program.ts';
import { type Job, type JobResult, resultSchema } from './job.ts';
import { resultMark } from './worker.ts';

export interface JobOptions {
  readonly timeoutS: number;
  /** Processors to pin to; undefined: not pinned. */
  readonly cpus: readonly number[] | undefined;
  /** Count these events (as perf names them) over the job's counting window. */
  readonly counting?: { readonly perf: Perf; readonly events: readonly string[] };
  readonly signal?: AbortSignal;
}

export type MeasuredJob = Extract<JobResult, { ok: true }> & { readonly rows: readonly PerfRow[] };

/** @throws DomainError `program-failed`, `program-timeout`, `program-output`, `cancelled` */
export async function runJob(job: Job, options: JobOptions): Promise<MeasuredJob> {
  const command = [...pin(options.cpus), process.execPath, ...process.execArgv, entry(), 'measure-worker'];
  const { counting } = options;
  if (counting === undefined) {
    return { ...readResult(await start(command, job, options), options.timeoutS), rows: [] };
  }
  const pipes = makeControlPipes();
  const file = join(tmpdir(), `sugarbush-perf-${randomUUID()}`);
  const format = counting.perf.canWriteJson ? ['-j'] : ['-x', ';'];
  const stat = [counting.perf.path, 'stat', ...format, '-o', file, ...controlOptions, '-e', counting.events.join(',')];
  try {
    const program = await start(pipes.wrap([...stat, '--', ...command]), job, options);
    const result = readResult(program, options.timeoutS);
    const text = readFileSync(file, 'utf8');
    return { ...result, rows: (counting.perf.canWriteJson ? parsePerfJson(text) : parsePerfCsv(text)).rows };
  } finally {
    pipes.remove();
    rmSync(file, { force: true });
  }
}

function start(command: readonly string[], job: Job, options: JobOptions): Promise<ProgramResult> {
  return runProgram(command as [string, ...string[]], {
    timeoutS: options.timeoutS,
    input: JSON.stringify(job),
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  });
}

/** The agent's own file, whether run from its sources or as one bundle. */
function entry(): string {
  const here = fileURLToPath(import.meta.url);
  return here.endsWith('.ts') ? fileURLToPath(new URL('../main.ts', import.meta.url)) : here;
}

/** Words to put before a command that hold it to these processors; none where it cannot or need not be held. */
export function pin(cpus: readonly number[] | undefined): string[] {
  const taskset = cpus === undefined ? undefined : findProgram('taskset');
  return taskset === undefined ? [] : [taskset, '-c', cpus!.join(',')];
}

/** Total over whatever a process printed. @throws DomainError with what went wrong */
export function readResult(program: ProgramResult, timeoutS: number): Extract<JobResult, { ok: true }> {
  const line = program.stdout.split('\n').findLast((candidate) => candidate.startsWith(resultMark));
  if (line === undefined) {
    const said = lastLines(program.stderr) || lastLines(program.stdout);
    throw new DomainError(
      program.timedOut ? 'program-timeout' : 'program-failed',
      `the measuring process gave no result: ${describeEnd(program, timeoutS)}${said === '' ? '' : `; it said:\n${said}`}`,
    );
  }
  const result = resultSchema.safeParse(jsonOrUndefined(line.slice(resultMark.length)));
  if (!result.success)
    throw new DomainError('program-output', `the measuring process printed a damaged result: ${line.slice(0, 200)}`);
  if (!result.data.ok) throw new DomainError(result.data.code, result.data.message);
  return result.data;
}
