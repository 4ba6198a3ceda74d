// The storage port over a folder, for benches: what is stored costs the measuring process no memory, and requests are
// counted as S3 bills them. One writer at a time.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { DomainError } from '#core/errors.ts';
import type { Store, StoredObject } from '#core/store/store.ts';

export interface Requests {
  gets: number;
  /** A list of up to a thousand keys is billed as a put. */
  puts: number;
}

/** The store port over files below `folder`, with a count of the requests that S3 would bill. */
export function folderStore(folder: string): Store & { readonly requests: Requests } {
  const requests: Requests = { gets: 0, puts: 0 };
  const read = (key: string): StoredObject | undefined => {
    const file = join(folder, key);
    if (!existsSync(file)) return undefined;
    const body = readFileSync(file);
    return { body, etag: createHash('md5').update(body).digest('hex') };
  };
  return {
    requests,
    get: (async (key: string) => {
      requests.gets++;
      return read(key);
    }) as Store['get'],
    async put(key, body, { ifMatch, ifNoneMatch } = {}) {
      requests.puts++;
      const before = ifMatch !== undefined || ifNoneMatch !== undefined ? read(key) : undefined;
      const holds = (ifNoneMatch === undefined || !before) && (ifMatch === undefined || before?.etag === ifMatch);
      if (!holds) throw new DomainError('precondition-failed', key);
      const file = join(folder, key);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, body);
      return { etag: createHash('md5').update(body).digest('hex') };
    },
    /** Prefixes that end in a slash only. */
    async *list(prefix, after = '') {
      const inside = join(folder, prefix);
      const names = existsSync(inside) ? readdirSync(inside, { recursive: true, withFileTypes: true }) : [];
      const keys = names
        .filter((entry) => entry.isFile())
        .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
        .filter((key) => key > after)
        .sort();
      let listed = 0;
      for (const key of keys) {
        if (listed++ % 1000 === 0) requests.puts++;
        yield key;
      }
    },
    async delete(key) {
      rmSync(join(folder, key), { force: true });
    },
    pause: async () => {},
  };
}
