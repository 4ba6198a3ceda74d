// The metrics that a report speaks of: their names, how to write a value and a difference, and which way is better.
import type { AccuracyMetric, Score } from '#core/predictors/card.ts';
import { correlation, percent, signed } from './format.ts';

export interface Metric {
  readonly key: AccuracyMetric;
  readonly name: string;
  readonly write: (value: number | null | undefined) => string;
  readonly writeDifference: (difference: number) => string;
  /** Coverage is neither: it is best where it equals its nominal value. */
  readonly better: 'higher' | 'lower' | 'nominal';
}

const points = (difference: number): string => `${signed(100 * difference)} points`;

export const reportedMetrics: Readonly<Record<AccuracyMetric, Metric>> = {
  spearmanTrimmed: {
    key: 'spearmanTrimmed',
    name: 'Spearman, without extremes',
    write: correlation,
    writeDifference: (d) => signed(d, 3),
    better: 'higher',
  },
  spearman: {
    key: 'spearman',
    name: 'Spearman',
    write: correlation,
    writeDifference: (d) => signed(d, 3),
    better: 'higher',
  },
  within5: { key: 'within5', name: 'Within ±5 %', write: percent, writeDifference: points, better: 'higher' },
  within10: { key: 'within10', name: 'Within ±10 %', write: percent, writeDifference: points, better: 'higher' },
  medianApe: { key: 'medianApe', name: 'Median error', write: percent, writeDifference: points, better: 'lower' },
  coverage90: {
    key: 'coverage90',
    name: '90 % interval holds',
    write: percent,
    writeDifference: points,
    better: 'nominal',
  },
};

/** Good, bad or neither news: a difference that its written form shows as none is neither. */
export function verdict(metric: Metric, difference: number): 'better' | 'worse' | 'same' {
  if (metric.better === 'nominal' || metric.writeDifference(difference).startsWith('±')) return 'same';
  return difference > 0 === (metric.better === 'higher') ? 'better' : 'worse';
}

/** Mean over devices of the mean over each device's targets that have the metric; null without any. A device with many
 * targets counts no more than one with a single target. */
export function meanOf(scores: readonly Score[], key: AccuracyMetric): number | null {
  const present = scores.filter((s) => s[key] !== null);
  const devices = [...Map.groupBy(present, (s) => s.device).values()];
  return mean(devices.map((own) => mean(own.map((s) => s[key]!))!));
}

/** Arithmetic mean; null without values. */
export const mean = (values: readonly number[]): number | null =>
  values.length === 0 ? null : values.reduce((a, b) => a + b, 0) / values.length;
