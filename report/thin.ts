// Fewer of many things, evenly spread: the first, the last, and every n-th between.

/** At most `most` (2 or more) items, evenly spaced, the first and the last among them. */
export function thin<T>(items: readonly T[], most: number): readonly T[] {
  if (items.length <= most) return items;
  return Array.from({ length: most }, (_, i) => items[Math.round((i * (items.length - 1)) / (most - 1))]!);
}
