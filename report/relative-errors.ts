// Relative errors of predictions: predicted / measured − 1.
import { quantile } from '#core/statistics/quantile.ts';
import type { DrawnPredictions } from './view.ts';

export type ErrorBand = 'within5' | 'within10' | 'beyond';
export const errorBands: readonly ErrorBand[] = ['within5', 'within10', 'beyond'];

/** The drawing's colour of a band, and the legend's words. */
export const bandColour: Readonly<Record<ErrorBand, string>> = {
  within5: 'var(--good)',
  within10: 'var(--fair)',
  beyond: 'var(--poor)',
};
export const bandLegend = [
  { label: 'within ±5 %', swatch: 'good' },
  { label: 'within ±10 %', swatch: 'fair' },
  { label: 'beyond ±10 %', swatch: 'poor' },
];

/** predicted / measured − 1 of each measurement, in their order. */
export const relativeErrors = (p: DrawnPredictions): number[] =>
  p.measuredMs.map((measured, i) => p.predictedMs[i]! / measured - 1);

/** The band that a relative error falls into; bounds belong to the better band. */
export function bandOf(relativeError: number): ErrorBand {
  const size = Math.abs(relativeError);
  return size <= 0.05 ? 'within5' : size <= 0.1 ? 'within10' : 'beyond';
}

/** Share of relative errors of at most `limit` in size, 0 to 1; null without any. */
export const shareWithin = (errors: readonly number[], limit: number): number | null =>
  errors.length === 0 ? null : errors.filter((e) => Math.abs(e) <= limit).length / errors.length;

/** Quantile of ascending values, `share` in [0, 1]; null without any. */
export const quantileOrNull = (sorted: readonly number[], share: number): number | null =>
  sorted.length === 0 ? null : quantile(sorted, share);
