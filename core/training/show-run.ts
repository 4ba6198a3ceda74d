// Use cases: training runs as people see them: how far each step is, and how long the fits still take.
import * as z from 'zod';
import type { Store } from '#core/dataset/store.ts';
import { decodeCursor, encodeCursor } from '#core/service/page-cursor.ts';
import { readJson } from '#core/service/stored-json.ts';
import { inOrder } from './in-order.ts';
import { runFitsPrefix, runsPrefix } from './keys.ts';
import { type RunRecord, type RunStep, readRun, runRecordSchema, runSteps } from './run-record.ts';

const fitProgressSchema = z.strictObject({ step: z.int().nonnegative(), steps: z.int().positive() });

export interface StepView {
  readonly step: RunStep;
  readonly status: 'waiting' | 'running' | 'done' | 'ended';
  readonly startedAt?: string | undefined;
  readonly finishedAt?: string | undefined;
  /** 0 to 1, where it is known. */
  readonly share?: number | undefined;
}

export interface RunView {
  readonly run: Omit<RunRecord, 'steps' | 'committed' | 'execution'>;
  readonly steps: readonly StepView[];
  /** Until the fits are done, from how fast they were so far; null: not known. */
  readonly fitLeftS: number | null;
}

/** @throws DomainError `not-found` */
export async function showRun(store: Store, runId: string, now: number): Promise<RunView> {
  const record = await readRun(store, runId);
  const fits = record.steps.fit ? await fitProgress(store, runId) : undefined;
  const share = (step: RunStep): number | undefined => {
    const { done, total } = record.steps[step] ?? {};
    if (step === 'fit' && fits) return fits.steps === 0 ? 1 : fits.done / fits.steps;
    return done === undefined || !total ? undefined : done / total;
  };
  const steps = runSteps.map((step): StepView => {
    const found = record.steps[step];
    const ended = record.status !== 'running';
    const status = !found ? 'waiting' : found.finishedAt !== undefined ? 'done' : ended ? 'ended' : 'running';
    return { step, status, startedAt: found?.startedAt, finishedAt: found?.finishedAt, share: share(step) };
  });
  return { run: summaryOf(record), steps, fitLeftS: fits ? fitLeftS(record, fits, now) : null };
}

interface FitProgress {
  readonly done: number;
  readonly steps: number;
}

async function fitProgress(store: Store, runId: string): Promise<FitProgress> {
  const keys: string[] = [];
  for await (const key of store.list(runFitsPrefix(runId))) keys.push(key);
  let [done, steps] = [0, 0];
  for await (const fit of inOrder(keys, 8, (key) => readJson(store, key, fitProgressSchema))) {
    done += fit?.value.step ?? 0;
    steps += fit?.value.steps ?? 0;
  }
  return { done, steps };
}

function fitLeftS({ status, steps }: RunRecord, { done, steps: all }: FitProgress, now: number): number | null {
  const fit = steps.fit;
  if (status !== 'running' || !fit || fit.finishedAt !== undefined || done === 0) return null;
  const elapsedS = (now - Date.parse(fit.startedAt)) / 1000;
  return Math.round((elapsedS / done) * (all - done));
}

export interface ListRunsRequest {
  readonly searchSpace?: string | undefined;
  /** Runs a page, 1 to 200. */
  readonly limit: number;
  readonly cursor?: string | undefined;
}

export type RunSummary = RunView['run'];

/** Newest first.
 * @throws DomainError `invalid-request` for a cursor that is not of this list */
export async function listRuns(
  store: Store,
  { searchSpace, limit, cursor }: ListRunsRequest,
): Promise<{ readonly runs: readonly RunSummary[]; readonly nextCursor: string | null }> {
  const keys: string[] = [];
  for await (const key of store.list(runsPrefix)) keys.push(key);
  const runs: RunRecord[] = [];
  for await (const run of inOrder(keys, 16, (key) => readJson(store, key, runRecordSchema))) {
    if (run && (searchSpace === undefined || run.value.searchSpace === searchSpace)) runs.push(run.value);
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

function summaryOf({ steps: _, committed: __, execution: ___, ...run }: RunRecord): RunSummary {
  return run;
}
