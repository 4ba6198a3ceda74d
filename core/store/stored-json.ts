// JSON objects in the store: read against a schema, written whole, or changed by read-modify-write that is safe when
// two writers race.
import type { z } from 'zod';
import { DomainError } from '#core/errors.ts';
import { isPreconditionFailed } from './put-if-absent.ts';
import type { Store, WriteCondition } from './store.ts';

export interface StoredJson<T> {
  readonly value: T;
  readonly etag: string;
}

/** @throws DomainError `internal` when the object is not what the schema says. */
export async function readJson<T>(store: Store, key: string, schema: z.ZodType<T>): Promise<StoredJson<T> | undefined> {
  const object = await store.get(key);
  return object && { value: parseJson(key, object.body, schema), etag: object.etag };
}

/** @throws DomainError `precondition-failed` when the condition does not hold. */
export async function writeJson(
  store: Store,
  key: string,
  value: unknown,
  condition?: WriteCondition,
): Promise<string> {
  const { etag } = await store.put(key, new TextEncoder().encode(JSON.stringify(value)), condition);
  return etag;
}

export interface UpdateOptions {
  /** Attempts before giving up. Default 8. */
  readonly attempts?: number;
}

/** Reads, changes and writes back over exactly what was read; starts again when somebody else wrote in between.
 * `change` may be called several times and returns undefined to leave the object as it is.
 * @throws DomainError `conflict` when every attempt met another writer. */
export async function updateJson<T>(
  store: Store,
  key: string,
  schema: z.ZodType<T>,
  change: (current: T | undefined) => T | undefined | Promise<T | undefined>,
  { attempts = 8 }: UpdateOptions = {},
): Promise<T | undefined> {
  for (let attempt = 0; attempt < attempts; attempt++) {
    const current = await readJson(store, key, schema);
    const next = await change(current?.value);
    if (next === undefined) return current?.value;
    try {
      await writeJson(store, key, next, current ? { ifMatch: current.etag } : { ifNoneMatch: '*' });
      return next;
    } catch (error) {
      if (!isPreconditionFailed(error)) throw error;
      await store.pause(attempt);
    }
  }
  throw new DomainError('conflict', `'${key}' was changed by others in each of ${attempts} attempts to change it`);
}

/** The value of a stored object.
 * @throws DomainError `internal` naming the key, for what is not JSON or not of its schema */
export function parseJson<T>(key: string, body: Uint8Array, schema: z.ZodType<T>): T {
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
  } catch (cause) {
    throw new DomainError('internal', `stored object '${key}' is not JSON`, { cause });
  }
  const parsed = schema.safeParse(json);
  if (parsed.success) return parsed.data;
  const issues = parsed.error.issues.map(({ path, message }) => ({ path: path.join('/'), message }));
  throw new DomainError('internal', `stored object '${key}' is not of its schema`, { issues });
}
