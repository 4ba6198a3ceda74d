// Reads that are begun before anybody asks: the first who does within a while gets what comes of it.
import type { Store, StoredObject } from '#core/store/store.ts';

export interface EarlyReads {
  /** As the store has it, but for what was begun. */
  readonly get: Store['get'];
  /** Once, as long as it stands. What fails is told to who asks. */
  begin(key: string): void;
}

/** None begun yet.
 * @param now ms
 * @param validMs how long what was read stands for what is in the store */
export function earlyReads(store: Store, now: () => number, validMs: number): EarlyReads {
  const begun = new Map<string, { readonly read: Promise<StoredObject | undefined>; readonly at: number }>();
  const standing = (key: string) => {
    const early = begun.get(key);
    return early !== undefined && now() - early.at < validMs ? early.read : undefined;
  };
  return {
    get: ((key: string, ifNoneMatch?: string) => {
      const early = standing(key);
      begun.delete(key);
      return ifNoneMatch === undefined ? (early ?? store.get(key)) : store.get(key, ifNoneMatch);
    }) as Store['get'],
    begin(key) {
      if (standing(key) !== undefined) return;
      const read = store.get(key);
      read.catch(() => {});
      begun.set(key, { read, at: now() });
    },
  };
}
