// How far measurements lower the variance of networks' ln latency under a predictor's prior, whatever they give: the
// formula of core/predictor/adaptation/select-support-set.ts, with what is measured apart from what is asked about.
import { priorCovariance } from '#core/predictor/adaptation/select-support-set.ts';
import type { Forward } from '#core/predictor/types.ts';

export interface RemainingVariance {
  /** Mean over the networks that are asked about. */
  mean(): number;
  /** By how much the sum over them would fall. */
  gainOf(row: number, noise: number): number;
  /** @param row of what can be measured
   * @param noise of the measurement, relative */
  measure(row: number, noise: number): void;
}

/** @returns makes one in which nothing is measured yet */
export function remainingVariances(asked: Forward, measurable: Forward): () => RemainingVariance {
  const n = asked.count;
  const total = n + measurable.count;
  const prior = priorCovariance(asked, measurable);
  return () => {
    const covariance = prior.slice();
    const rowOf = (row: number): Float64Array => covariance.slice((n + row) * total, (n + row + 1) * total);
    return {
      mean: () => Array.from({ length: n }, (_, i) => covariance[i * (total + 1)]!).reduce((a, b) => a + b) / n,
      gainOf(row, noise) {
        const own = rowOf(row);
        return own.subarray(0, n).reduce((sum, value) => sum + value ** 2, 0) / (own[n + row]! + noise ** 2);
      },
      measure(row, noise) {
        const own = rowOf(row);
        const scale = 1 / (own[n + row]! + noise ** 2);
        for (let i = 0; i < total; i++) {
          const factor = own[i]! * scale;
          for (let j = 0; j < total; j++) covariance[i * total + j]! -= factor * own[j]!;
        }
      },
    };
  };
}
