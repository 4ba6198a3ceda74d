// Reading the committed reference vectors: sparse feature rows, and the comparison of two latency vectors.

export function dense(features: Record<string, number | undefined>, width: number): number[] {
  return Array.from({ length: width }, (_, i) => features[String(i)] ?? 0);
}

/** The largest relative deviation; infinite where the lengths differ. */
export function largestRelativeError(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  if (actual.length !== expected.length) return Number.POSITIVE_INFINITY;
  return Math.max(...Array.from(actual, (value, i) => Math.abs(value / expected[i]! - 1)));
}
