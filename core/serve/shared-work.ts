// Work that many callers ask for at the same time and that is done once for all of them. It never stands in the way for
// ever: work that has not ended after a while is given up, and whoever comes next starts it anew.

export interface SharedWork<Key, Result> {
  /** The result of the work that is under way for this key, or of `work`, which is started where there is none.
   * @param work is told, whenever it asks, whether it still is the one that counts: work that was given up must leave
   * everything as it is */
  do(key: Key, work: (counts: () => boolean) => Promise<Result>): Promise<Result>;
}

export interface SharedWorkOptions {
  /** ms. */
  readonly now: () => number;
  /** Seconds after which work that has not ended is given up. Longer than any call in it may take. */
  readonly patienceS: number;
}

/** No work yet. */
export function sharedWork<Key, Result>({ now, patienceS }: SharedWorkOptions): SharedWork<Key, Result> {
  const underWay = new Map<
    Key,
    { readonly id: symbol; readonly startedAt: number; readonly result: Promise<Result> }
  >();
  return {
    do(key, work) {
      const running = underWay.get(key);
      if (running && now() - running.startedAt < patienceS * 1000) return running.result;
      const id = Symbol('work');
      const counts = (): boolean => underWay.get(key)?.id === id;
      const result = Promise.resolve().then(() => work(counts));
      const forget = (): void => {
        if (counts()) underWay.delete(key);
      };
      underWay.set(key, { id, startedAt: now(), result });
      result.then(forget, forget);
      return result;
    },
  };
}
