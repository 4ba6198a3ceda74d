// The measuring process: reads one job from standard input, warms up, samples, counts, and prints one line with the
// result. Everything that disturbs a measurement (files, network, progress) stays in the agent.
import { text } from 'node:stream/consumers';
import { DomainError } from '#core/errors.ts';
import { createSampling, createWarmUp } from '../measure/stop-rule.ts';
import { switchCounters } from '../perf/control.ts';
import { type Job, type JobResult, jobSchema } from './job.ts';
import { type MeasuredSession, openOnnxSession } from './onnx-sessions.ts';

/** Marks the result among whatever a runtime prints. */
export const resultMark = 'sugarbush-result ';

/** The measuring process: does the job of its arguments, prints one line with the result, and ends. */
export async function runWorker(): Promise<void> {
  const result = await attempt();
  process.stdout.write(`\n${resultMark}${JSON.stringify(result)}\n`, () => {
    // A runtime's thread pool may keep the process alive.
    process.exit(0);
  });
}

async function attempt(): Promise<JobResult> {
  try {
    const job = jobSchema.parse(JSON.parse(await text(process.stdin)));
    return await measure(await openOnnxSession(job), job);
  } catch (error) {
    const isMissing = error instanceof DomainError && error.code === 'program-missing';
    const message = error instanceof Error ? error.message : String(error);
    return { ok: false, code: isMissing ? 'program-missing' : 'program-failed', message };
  }
}

async function measure(session: MeasuredSession, job: Job): Promise<JobResult> {
  const isWarm = createWarmUp(job.rule.warmUp);
  let warmUpRuns = 1;
  while (!isWarm(await timeMs(session))) warmUpRuns++;

  const judge = createSampling(job.rule.sampling);
  const samplesMs: number[] = [];
  for (;;) {
    const latencyMs = await timeMs(session);
    samplesMs.push(latencyMs);
    const verdict = judge(latencyMs);
    if (verdict === 'more') continue;
    const countedRuns = job.countMs === null ? 0 : await count(session, job.countMs, samplesMs);
    if (job.profileTo !== undefined) session.endProfile();
    return { ok: true, samplesMs, stable: verdict === 'stable', warmUpRuns, countedRuns, version: session.version };
  }
}

/** Milliseconds of one inference by the monotonic clock, at least one nanosecond. */
async function timeMs(session: MeasuredSession): Promise<number> {
  const start = process.hrtime.bigint();
  await session.run();
  return Math.max(1, Number(process.hrtime.bigint() - start)) / 1e6;
}

/** The counted region is nothing but inferences: how many is decided before. */
async function count(session: MeasuredSession, countMs: number, samplesMs: readonly number[]): Promise<number> {
  const meanMs = samplesMs.reduce((sum, ms) => sum + ms, 0) / samplesMs.length;
  const runs = Math.min(100_000, Math.max(5, Math.ceil(countMs / meanMs)));
  switchCounters('enable');
  for (let i = 0; i < runs; i++) await session.run();
  switchCounters('disable');
  return runs;
}
