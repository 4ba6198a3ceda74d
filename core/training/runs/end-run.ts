// Use cases: a run ends: finished by its last phase, stopped by an operator, or failed. However it ends, no challenger
// stays behind, and the champion is the one before or the new one.

import { DomainError } from '#core/errors.ts';
import { clearChallenger, readAliases } from '#core/predictors/aliases.ts';
import type { Store } from '#core/store/store.ts';
import { fitKey, runFitsPrefix } from '#core/training/keys.ts';
import { changeRun, type RunPhase, type RunRecord, readRun, runPhases } from './run-record.ts';
import type { Executor } from './start-run.ts';

export interface RunEnd {
  readonly status: Exclude<RunRecord['status'], 'running'>;
  readonly failureReason?: string;
  readonly failedStep?: RunPhase;
}

/** Ending a run that has ended leaves it as it ended. `check` may throw for a record that is not to be ended. */
export async function endRun(
  store: Store,
  runId: string,
  end: RunEnd,
  now: number,
  check: (current: RunRecord) => void = () => undefined,
): Promise<RunRecord> {
  const before = await readRun(store, runId);
  if (before.status !== 'running') return before;
  const kept = end.status === 'stopped' || end.status === 'failed' ? await keptBy(store, before) : [];
  let record: RunRecord;
  try {
    record = await changeRun(store, runId, now, (current) => {
      check(current);
      return { ...end, finishedAt: new Date(now).toISOString(), ...(kept.length > 0 && { kept }) };
    });
  } catch (error) {
    if (error instanceof DomainError && error.code === 'cancelled') return readRun(store, runId);
    throw error;
  }
  if (record.version !== undefined) await clearChallenger(store, record.version);
  return record;
}

/** At once: whatever phase is under way finds the run ended before it writes anything that counts.
 * @throws DomainError `not-found`; `conflict` when the alias is moving */
export async function stopRun(store: Store, executor: Executor, runId: string, now: number): Promise<RunRecord> {
  const before = await readRun(store, runId);
  if (before.status !== 'running') return before;
  const reason = 'stopped by an operator';
  const phase = currentPhase(before);
  let record: RunRecord;
  try {
    record = await endStopped(store, runId, reason, phase, now);
  } catch (error) {
    if (error instanceof DomainError && error.code === 'cancelled') return readRun(store, runId);
    throw error;
  }
  if (record.execution !== undefined) await executor.stop(record.execution, reason);
  return record;
}

async function endStopped(
  store: Store,
  runId: string,
  failureReason: string,
  phase: RunPhase | undefined,
  now: number,
): Promise<RunRecord> {
  const kept = await keptBy(store, await readRun(store, runId));
  const record = await changeRun(store, runId, now, ({ committed }) => {
    if (committed) {
      throw new DomainError('conflict', `training run '${runId}' is promoting its predictor and ends in a moment`);
    }
    const finishedAt = new Date(now).toISOString();
    return { status: 'stopped', failureReason, finishedAt, kept, ...(phase && { failedStep: phase }) };
  });
  if (record.version !== undefined) await clearChallenger(store, record.version);
  return record;
}

/** From the state machine's Catch. */
export function recordFailure(
  store: Store,
  runId: string,
  { name, reason }: { readonly name: string; readonly reason: string },
  now: number,
): Promise<RunRecord> {
  return failRun(store, runId, `${name}: ${reason}`, now);
}

/** A run whose predictor is champion already has been promoted, whatever failed after. */
export async function failRun(
  store: Store,
  runId: string,
  reason: string,
  now: number,
  check?: (current: RunRecord) => void,
): Promise<RunRecord> {
  const before = await readRun(store, runId);
  if (before.status !== 'running') return before;
  const champion = (await readAliases(store))?.value.champion;
  if (before.committed && champion === before.version) {
    const failureReason = `after the promotion: ${reason}`.slice(0, 2000);
    return endRun(store, runId, { status: 'promoted', failureReason }, now, check);
  }
  const phase = currentPhase(before);
  const failureReason = reason.slice(0, 2000);
  return endRun(store, runId, { status: 'failed', failureReason, ...(phase && { failedStep: phase }) }, now, check);
}

/** The last one that was begun and not finished. */
export const currentPhase = ({ steps }: RunRecord): RunPhase | undefined =>
  runPhases.findLast((phase) => steps[phase] !== undefined && steps[phase].finishedAt === undefined);

async function keptBy(store: Store, { runId, snapshotId, version }: RunRecord): Promise<string[]> {
  const kept = snapshotId === undefined ? [] : [`snapshot ${snapshotId}`];
  for await (const key of store.list(runFitsPrefix(runId))) {
    const fitId = key.slice(runFitsPrefix(runId).length).replace(/\.json$/, '');
    const done = await store.get(fitKey(fitId, 'predictor.json'));
    const started = done ?? (await store.get(fitKey(fitId, 'checkpoint.bin')));
    if (started) kept.push(done ? `fit ${fitId}` : `checkpoint of fit ${fitId}`);
  }
  if (version !== undefined) kept.push(`predictor ${version}`);
  return kept;
}
