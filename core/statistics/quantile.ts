// Quantiles and the median of a sample.

/** Quantile by linear interpolation between order statistics (Hyndman and Fan 1996, type 7).
 * @param sorted ascending, at least one
 * @param probability 0 to 1, inclusive
 * @throws RangeError for no values */
export function quantile(sorted: ArrayLike<number>, probability: number): number {
  if (sorted.length === 0) throw new RangeError('quantile of no values');
  const position = (sorted.length - 1) * probability;
  const below = Math.floor(position);
  const low = sorted[below]!;
  return low + (position - below) * ((sorted[below + 1] ?? low) - low);
}

/** The middle value; of an even number of values the mean of the middle two.
 * @param values in any order; they are left as they are
 * @returns NaN for no values */
export function median(values: ArrayLike<number>): number {
  return values.length === 0 ? Number.NaN : quantile(Float64Array.from(values).sort(), 0.5);
}
