// Writes that leave alone what is there: content under its own hash, records that are made once, copies of finished
// files.
import { DomainError } from '#core/errors.ts';
import type { Store } from './store.ts';

/** Puts `body` where nothing is; what is there already stays as it is.
 * @returns whether this call wrote it; false also while another writer is at the same key (S3's 409) */
export async function putIfAbsent(store: Store, key: string, body: Uint8Array): Promise<boolean> {
  try {
    await store.put(key, body, { ifNoneMatch: '*' });
    return true;
  } catch (error) {
    if (!isPreconditionFailed(error)) throw error;
    return false;
  }
}

/** The same for an object as JSON. @returns whether this call wrote it */
export function putJsonIfAbsent(store: Store, key: string, value: unknown): Promise<boolean> {
  return putIfAbsent(store, key, new TextEncoder().encode(JSON.stringify(value)));
}

/** Copies what is at `from`, if anything, to where nothing is. */
export async function copyIfAbsent(store: Store, from: string, to: string): Promise<void> {
  const object = await store.get(from);
  if (object) await putIfAbsent(store, to, object.body);
}

/** Whether an error says that somebody else wrote in between. */
export function isPreconditionFailed(error: unknown): boolean {
  return error instanceof DomainError && error.code === 'precondition-failed';
}
