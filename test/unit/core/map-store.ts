// The storage port over a Map, with a count of its calls: what a test needs of S3 when it is not about S3.
import { createHash } from 'node:crypto';
import { DomainError } from '#core/errors.ts';
import type { Store, StoredObject } from '#core/store/store.ts';

export interface MapStore extends Store {
  readonly objects: Map<string, Uint8Array>;
  /** `get key`, `put key`, `list prefix` and `delete key`, in order. */
  readonly calls: string[];
}

const etagOf = (body: Uint8Array): string => `"${createHash('md5').update(body).digest('hex')}"`;

export function mapStore(): MapStore {
  const objects = new Map<string, Uint8Array>();
  const calls: string[] = [];
  async function get(key: string, ifNoneMatch?: string): Promise<StoredObject | undefined | 'not-modified'> {
    calls.push(`get ${key}`);
    const body = objects.get(key);
    if (!body) return undefined;
    const etag = etagOf(body);
    return etag === ifNoneMatch ? 'not-modified' : { body, etag };
  }
  return {
    objects,
    calls,
    get: get as Store['get'],
    async put(key, body, condition = {}) {
      calls.push(`put ${key}`);
      const existing = objects.get(key);
      const holds =
        (condition.ifNoneMatch === undefined || !existing) &&
        (condition.ifMatch === undefined || (existing && etagOf(existing) === condition.ifMatch));
      if (!holds) throw new DomainError('precondition-failed', `'${key}' is not as expected`);
      objects.set(key, body);
      return { etag: etagOf(body) };
    },
    async *list(prefix, after = '') {
      calls.push(`list ${prefix}`);
      yield* [...objects.keys()].filter((key) => key.startsWith(prefix) && key > after).sort();
    },
    async delete(key) {
      calls.push(`delete ${key}`);
      objects.delete(key);
    },
    pause: async () => {},
  };
}
