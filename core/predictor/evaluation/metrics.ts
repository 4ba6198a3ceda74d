// How well predictions agree with measurements. All functions are symmetric in the order of architectures.
import { median } from '#core/statistics/quantile.ts';
import { spearman } from '#core/statistics/ranks.ts';

/** Indices without the fastest and the slowest tenth: of n sorted by latency, those from ⌊n/10⌋ to ⌊9n/10⌋. */
export function withoutExtremes(indices: readonly number[], latencyMs: Float64Array): number[] {
  const sorted = indices.toSorted((a, b) => latencyMs[a]! - latencyMs[b]!);
  return sorted.slice(Math.floor(sorted.length / 10), Math.floor((sorted.length * 9) / 10));
}

export interface PredictedRange {
  readonly latencyMs: Float64Array;
  readonly lowMs: Float64Array;
  readonly highMs: Float64Array;
}

export interface Accuracy {
  readonly spearmanTrimmed: number;
  readonly spearman: number;
  readonly within5: number;
  readonly within10: number;
  /** Median absolute relative error. */
  readonly medianApe: number;
  /** Share of measurements inside the 90 % interval. */
  readonly coverage90: number;
}

/** `spearmanTrimmed` over `trimmed` rows less their extremes, the others over `all`; rows without a measurement (NaN)
 * are left out. All arrays are indexed by row. */
export function accuracy(
  measuredMs: Float64Array,
  predicted: PredictedRange,
  rows: { readonly trimmed: readonly number[]; readonly all: readonly number[] },
): Accuracy {
  const present = (indices: readonly number[]) => indices.filter((i) => !Number.isNaN(measuredMs[i]));
  const at = (values: Float64Array, indices: readonly number[]) => Float64Array.from(indices, (i) => values[i]!);
  const trimmed = withoutExtremes(present(rows.trimmed), measuredMs);
  const all = present(rows.all);
  const errors = Float64Array.from(all, (i) => Math.abs(predicted.latencyMs[i]! / measuredMs[i]! - 1));
  const share = (test: (i: number) => boolean) => all.filter(test).length / all.length;
  return {
    spearmanTrimmed: spearman(at(predicted.latencyMs, trimmed), at(measuredMs, trimmed)),
    spearman: spearman(at(predicted.latencyMs, all), at(measuredMs, all)),
    within5: errors.filter((e) => e <= 0.05).length / all.length,
    within10: errors.filter((e) => e <= 0.1).length / all.length,
    medianApe: median(errors),
    coverage90: share((i) => measuredMs[i]! >= predicted.lowMs[i]! && measuredMs[i]! <= predicted.highMs[i]!),
  };
}

/** How well single numbers agree with measurements, without intervals. Shares are of the networks. */
export interface PointAccuracy {
  /** NaN where all predictions are the same. */
  readonly spearman: number;
  readonly within1: number;
  readonly within5: number;
  readonly within10: number;
  /** Median absolute relative error. */
  readonly medianApe: number;
}

/** Over `rows`; those without a measurement (NaN) are left out. Arrays are indexed by row. */
export function pointAccuracy(
  measuredMs: Float64Array,
  predictedMs: Float64Array,
  rows: readonly number[],
): PointAccuracy {
  const present = rows.filter((row) => !Number.isNaN(measuredMs[row]));
  const truth = Float64Array.from(present, (row) => measuredMs[row]!);
  const predicted = Float64Array.from(present, (row) => predictedMs[row]!);
  const errors = truth.map((ms, i) => Math.abs(predicted[i]! / ms - 1));
  const within = (bound: number): number => errors.filter((error) => error <= bound).length / errors.length;
  return {
    spearman: spearman(predicted, truth),
    within1: within(0.01),
    within5: within(0.05),
    within10: within(0.1),
    medianApe: median(errors),
  };
}
