// Use cases: training runs as people see them: how far each phase is, and how long the run still takes.
import * as z from 'zod';
import { inOrder } from '#core/store/in-order.ts';
import { decodeCursor, encodeCursor } from '#core/store/page-cursor.ts';
import type { Store } from '#core/store/store.ts';
import { readJson } from '#core/store/stored-json.ts';
import { adaptationsPrefix } from '#core/targets/keys.ts';
import { runFitsPrefix, runKey, runScoringPrefix, runsPrefix } from '#core/training/keys.ts';
import { type PhaseProgress, phaseProgress, timeLeftS, type WorkDone } from './phase-progress.ts';
import { type RunRecord, readRun, runRecordSchema } from './run-record.ts';

const fitProgressSchema = z.strictObject({ step: z.int().nonnegative(), steps: z.int().positive() });
/** How far the scoring of one fold is, in evaluations. */
const scoringProgressSchema = z.strictObject({ done: z.int().nonnegative(), total: z.int().nonnegative() });

export interface RunView {
  readonly run: Omit<RunRecord, 'steps' | 'committed' | 'execution' | 'lastFinished' | 'processor'>;
  readonly steps: readonly PhaseProgress[];
  /** Until the run ends; null: not known, or it has ended. */
  readonly timeLeftS: number | null;
}

/** @throws DomainError `not-found` */
export async function showRun(store: Store, runId: string, now: number): Promise<RunView> {
  const record = await readRun(store, runId);
  const { lastFinished } = record;
  const [done, last] = await Promise.all([
    doneSoFar(store, record),
    lastFinished === undefined ? undefined : readJson(store, runKey(lastFinished), runRecordSchema),
  ]);
  const steps = phaseProgress(record, done, now);
  return { run: summaryOf(record), steps, timeLeftS: timeLeftS(record, steps, last?.value, now) };
}

/** What the objects of the phases under way say; a phase that is finished has done all of it. */
async function doneSoFar(store: Store, { runId, steps, version }: RunRecord): Promise<WorkDone> {
  const isUnderWay = (step: 'fit' | 'evaluate' | 'adapt'): boolean =>
    steps[step] !== undefined && steps[step].finishedAt === undefined;
  return {
    ...(isUnderWay('fit') && { fit: await fitStepsDone(store, runId) }),
    ...(isUnderWay('evaluate') && { evaluate: await foldsScored(store, runId) }),
    ...(isUnderWay('adapt') && version !== undefined && { adapt: await count(store, adaptationsPrefix(version)) }),
  };
}

async function count(store: Store, prefix: string): Promise<number> {
  let keys = 0;
  for await (const _ of store.list(prefix)) keys++;
  return keys;
}

async function fitStepsDone(store: Store, runId: string): Promise<number> {
  const fits = await readAll(store, runFitsPrefix(runId), fitProgressSchema);
  return fits.reduce((sum, { step }) => sum + step, 0);
}

/** In folds; of those under way the part that is scored. */
async function foldsScored(store: Store, runId: string): Promise<number> {
  const folds = await readAll(store, runScoringPrefix(runId), scoringProgressSchema);
  return folds.reduce((sum, { done, total }) => sum + (total === 0 ? 1 : done / total), 0);
}

async function readAll<T>(store: Store, prefix: string, schema: z.ZodType<T>): Promise<T[]> {
  const keys: string[] = [];
  for await (const key of store.list(prefix)) keys.push(key);
  const values: T[] = [];
  for await (const each of inOrder(keys, 8, (key) => readJson(store, key, schema))) if (each) values.push(each.value);
  return values;
}

export interface ListRunsRequest {
  /** Runs a page, 1 to 200. */
  readonly limit: number;
  readonly cursor?: string | undefined;
}

export type RunSummary = RunView['run'];

/** Newest first.
 * @throws DomainError `invalid-request` for a cursor that is not of this list */
export async function listRuns(
  store: Store,
  { limit, cursor }: ListRunsRequest,
): Promise<{ readonly runs: readonly RunSummary[]; readonly nextCursor: string | null }> {
  const keys: string[] = [];
  for await (const key of store.list(runsPrefix)) keys.push(key);
  const runs: RunRecord[] = [];
  for await (const run of inOrder(keys, 16, (key) => readJson(store, key, runRecordSchema))) {
    if (run) runs.push(run.value);
  }
  const placeOf = ({ createdAt, runId }: RunRecord): string => `${runsPrefix}${createdAt} ${runId}`;
  const newestFirst = runs.sort((a, b) => (placeOf(a) < placeOf(b) ? 1 : -1));
  const after = cursor === undefined ? undefined : decodeCursor(runsPrefix, cursor);
  const left = after === undefined ? newestFirst : newestFirst.filter((run) => placeOf(run) < after);
  const page = left.slice(0, limit);
  return {
    runs: page.map(summaryOf),
    nextCursor: left.length > limit ? encodeCursor(runsPrefix, placeOf(page.at(-1)!)) : null,
  };
}

function summaryOf(record: RunRecord): RunSummary {
  const { steps: _, committed: __, execution: ___, lastFinished: ____, processor: _____, ...run } = record;
  return run;
}
