// One run at a time in a search space: training-locks/{searchSpace}.json names it. A lock whose run has ended, or has not
// been heard of for longer than any step may take, is taken over.
import * as z from 'zod';
import type { Store } from '#core/dataset/store.ts';
import { DomainError } from '#core/errors.ts';
import type { SearchSpaceId } from '#core/search-space/search-space.ts';
import { isPreconditionFailed, readJson, writeJson } from '#core/service/stored-json.ts';
import { runKey, runLockKey } from './keys.ts';
import { runRecordSchema } from './run-record.ts';

const lockSchema = z.strictObject({ runId: z.string(), since: z.iso.datetime() });

/** A Lambda runs for 15 minutes at most, and its retries wait a few more. */
export const silentAfterS = 45 * 60;

/** Taking it twice for one run is taking it once.
 * @throws DomainError `conflict` naming the run that has it */
export async function takeLock(store: Store, searchSpace: SearchSpaceId, runId: string, now: number): Promise<void> {
  const lock = { runId, since: new Date(now).toISOString() };
  for (;;) {
    const current = await readJson(store, runLockKey(searchSpace), lockSchema);
    if (current?.value.runId === runId) return;
    if (current && (await isHeld(store, current.value, now))) throw taken(searchSpace, current.value.runId);
    try {
      await writeJson(store, runLockKey(searchSpace), lock, current ? { ifMatch: current.etag } : { ifNoneMatch: '*' });
      return;
    } catch (error) {
      if (!isPreconditionFailed(error)) throw error;
      // Somebody else was faster: look again who.
      await new Promise((resolve) => setTimeout(resolve, 20 + 80 * Math.random()));
    }
  }
}

async function isHeld(store: Store, lock: z.infer<typeof lockSchema>, now: number): Promise<boolean> {
  const record = (await readJson(store, runKey(lock.runId), runRecordSchema))?.value;
  // The lock is taken before the record is written.
  const heardOf = Date.parse(record?.updatedAt ?? lock.since);
  return (record === undefined || record.status === 'running') && now - heardOf < silentAfterS * 1000;
}

function taken(searchSpace: SearchSpaceId, runId: string): DomainError {
  const message = `training run '${runId}' of search space '${searchSpace}' is under way`;
  return new DomainError('conflict', message, { issues: [{ path: `runs/${runId}`, message }] });
}
