// Reads many objects at once and gives them one after another in their order, holding no more than are under way.

/** Results of `read` in the order of `items`, with at most `atOnce` (1 or more) under way. Rejects with the first
 * failure in that order. */
export async function* inOrder<T, R>(
  items: readonly T[],
  atOnce: number,
  read: (item: T) => Promise<R>,
): AsyncGenerator<R> {
  const underWay: Promise<R>[] = [];
  const start = (item: T): void => {
    const reading = read(item);
    // Whoever waits for it sees the failure; until then it must not count as unhandled.
    reading.catch(() => undefined);
    underWay.push(reading);
  };
  for (const item of items) {
    start(item);
    if (underWay.length >= atOnce) yield await underWay.shift()!;
  }
  for (const reading of underWay) yield await reading;
}
