// Use case: start a training run: the lock, the record, then the execution. Each can be done twice; cut off in between,
// the same request finishes it.
import { createHash } from 'node:crypto';
import { DomainError } from '#core/errors.ts';
import { putJsonIfAbsent } from '#core/store/put-if-absent.ts';
import type { Store } from '#core/store/store.ts';
import { readJson } from '#core/store/stored-json.ts';
import { runKey } from '#core/training/keys.ts';
import { takeLock } from './run-lock.ts';
import { changeRun, type RunRecord, readRun, runRecordSchema } from './run-record.ts';
import { type RunSettings, runSettingsSchema } from './run-settings.ts';

/** What executes runs: Step Functions, in the cloud and in the embedded stack. */
export interface Executor {
  /** Starting one run twice is starting it once. @returns where the execution is */
  start(run: Pick<RunRecord, 'runId' | 'requestedBy'>): Promise<string>;
  stop(execution: string, reason: string): Promise<void>;
}

export interface StartRequest {
  readonly settings?: Partial<RunSettings> | undefined;
  readonly requestedBy: RunRecord['requestedBy'];
  /** Two requests with one key are one request. */
  readonly idempotencyKey: string;
  /** ms since the epoch. */
  readonly now: number;
}

/** What is known of an execution that was started without a request, by a schedule. */
export type BeginRequest = Omit<StartRequest, 'idempotencyKey'> & { readonly runId: string };

/** @throws DomainError `conflict` with the running id, or when the key was used for another request */
export async function startRun(store: Store, executor: Executor, request: StartRequest): Promise<RunRecord> {
  const settings = request.settings ?? {};
  const record = await beginRun(store, { ...request, settings, runId: runIdOf(request) });
  if (record.status !== 'running' || record.execution !== undefined) return record;
  const execution = await executor.start(record);
  try {
    return await changeRun(store, record.runId, request.now, () => ({ execution }));
  } catch (error) {
    // It can have ended already.
    if (!(error instanceof DomainError) || error.code !== 'cancelled') throw error;
    return (await readJson(store, runKey(record.runId), runRecordSchema))!.value;
  }
}

/** Lock and record, for whoever executes the run itself. */
export async function beginRun(store: Store, request: BeginRequest): Promise<RunRecord> {
  const { runId, requestedBy, now } = request;
  const settings = runSettingsSchema.parse(request.settings ?? {});
  const known = await readJson(store, runKey(runId), runRecordSchema);
  // Without settings: the execution of a request that is recorded already.
  if (known) return request.settings === undefined ? known.value : sameRequest(known.value, settings);
  const lastFinished = await lastFinishedBy(store, await takeLock(store, runId, now));
  const time = new Date(now).toISOString();
  const record: RunRecord = {
    runId,
    requestedBy,
    settings,
    status: 'running',
    committed: false,
    createdAt: time,
    updatedAt: time,
    steps: {},
    ...(lastFinished !== undefined && { lastFinished }),
  };
  if (await putJsonIfAbsent(store, runKey(runId), record)) return record;
  return sameRequest(await readRun(store, runId), settings);
}

/** The run itself, or the last one before it, that promoted or refused. */
async function lastFinishedBy(store: Store, runId: string | undefined): Promise<string | undefined> {
  const record = runId === undefined ? undefined : (await readJson(store, runKey(runId), runRecordSchema))?.value;
  return record?.status === 'promoted' || record?.status === 'refused' ? runId : record?.lastFinished;
}

function sameRequest(record: RunRecord, settings: RunSettings): RunRecord {
  if (JSON.stringify(record.settings) === JSON.stringify(settings)) return record;
  const message = `the idempotency key was used for run '${record.runId}' with other settings`;
  throw new DomainError('conflict', message, { issues: [{ path: 'idempotencyKey', message }] });
}

/** Derived from the key, so that the same request has the same id. */
function runIdOf({ idempotencyKey }: StartRequest): string {
  return `run-${createHash('sha256').update(idempotencyKey).digest('hex').slice(0, 20)}`;
}
