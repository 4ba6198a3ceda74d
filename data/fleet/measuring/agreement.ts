// How well a target agrees with itself when it is measured again: the noise floor below which no prediction can be
// judged. Pure.
import type { Profile } from '#core/dataset/profile.ts';
import { median } from '#core/statistics/quantile.ts';
import { spearman } from '#core/statistics/ranks.ts';

export interface Agreement {
  /** Architectures in both profiles. */
  readonly count: number;
  /** Median of second / first. */
  readonly medianRatio: number;
  /** Median and 90th percentile of |second / first − 1|. */
  readonly medianDeviation: number;
  readonly deviation90: number;
  /** The same after the common factor is taken out: what changed from network to network. */
  readonly medianDeviationScaled: number;
  readonly within5: number;
  readonly within10: number;
  readonly spearman: number;
}

export function agreement(first: Profile, second: Profile): Agreement {
  const before = new Map(first.measurements.map(({ architecture, latency }) => [architecture, latency.medianMs]));
  const pairs = second.measurements.flatMap(({ architecture, latency }) => {
    const old = before.get(architecture);
    return old === undefined ? [] : [{ old, now: latency.medianMs }];
  });
  const ratios = Float64Array.from(pairs, ({ old, now }) => now / old);
  const medianRatio = median(ratios);
  const deviations = ratios.map((ratio) => Math.abs(ratio - 1));
  const sorted = Float64Array.from(deviations).sort();
  const share = (limit: number): number => deviations.filter((deviation) => deviation <= limit).length / pairs.length;
  return {
    count: pairs.length,
    medianRatio,
    medianDeviation: median(deviations),
    deviation90: sorted[Math.ceil(0.9 * sorted.length) - 1] ?? Number.NaN,
    medianDeviationScaled: median(ratios.map((ratio) => Math.abs(ratio / medianRatio - 1))),
    within5: share(0.05),
    within10: share(0.1),
    spearman: spearman(
      Float64Array.from(pairs, ({ old }) => old),
      Float64Array.from(pairs, ({ now }) => now),
    ),
  };
}
