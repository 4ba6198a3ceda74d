// One run at a time: training-locks/run.json names it. A lock whose run has ended, or has not
// been heard of for longer than any phase may take, is taken over; a run that was lost is ended as failed with it.
import * as z from 'zod';
import { DomainError } from '#core/errors.ts';
import type { Store } from '#core/store/store.ts';
import { readJson, updateJson } from '#core/store/stored-json.ts';
import { runKey, runLockKey } from '#core/training/keys.ts';
import { failRun } from './end-run.ts';
import { runRecordSchema } from './run-record.ts';

const lockSchema = z.strictObject({
  runId: z.string(),
  since: z.iso.datetime(),
  /** Which run had it before. */
  before: z.string().optional(),
});

/** A Lambda runs for 15 minutes at most, its retries wait a few more, and phases that go on for longer speak up. */
export const silentAfterS = 45 * 60;

/** Taking it twice for one run is taking it once.
 * @returns the run that had it before
 * @throws DomainError `conflict` naming the run that has it */
export async function takeLock(store: Store, runId: string, now: number): Promise<string | undefined> {
  const lock = await updateJson(
    store,
    runLockKey,
    lockSchema,
    async (current) => {
      if (current?.runId === runId) return undefined;
      if (current) await requireFree(store, current, { by: runId, now });
      return { runId, since: new Date(now).toISOString(), ...(current && { before: current.runId }) };
    },
    // Whoever is second finds the lock taken and is told by whom.
    { attempts: Number.POSITIVE_INFINITY },
  );
  return lock!.before;
}

async function requireFree(
  store: Store,
  { runId, since }: z.infer<typeof lockSchema>,
  { by, now }: { readonly by: string; readonly now: number },
): Promise<void> {
  const record = (await readJson(store, runKey(runId), runRecordSchema))?.value;
  if (record !== undefined && record.status !== 'running') return;
  // The lock is taken before the record is written.
  const isSilent = (heardOf: string): boolean => now - Date.parse(heardOf) >= silentAfterS * 1000;
  if (!isSilent(record?.updatedAt ?? since)) throw taken(runId);
  if (record === undefined) return;
  const reason = `not heard of since ${record.updatedAt}: its execution was aborted, timed out or lost; run '${by}' took its place`;
  await failRun(store, runId, reason, now, ({ updatedAt }) => {
    if (!isSilent(updatedAt)) throw taken(runId);
  });
}

function taken(runId: string): DomainError {
  const message = `training run '${runId}' is under way`;
  return new DomainError('conflict', message, { issues: [{ path: `runs/${runId}`, message }] });
}
