// Relative errors of predictions: predicted / measured − 1.
import type { TargetPredictions } from './view.ts';

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

export const relativeErrors = (p: TargetPredictions): number[] =>
  p.measuredMs.map((measured, i) => p.predictedMs[i]! / measured - 1);

export function bandOf(relativeError: number): ErrorBand {
  const size = Math.abs(relativeError);
  return size <= 0.05 ? 'within5' : size <= 0.1 ? 'within10' : 'beyond';
}

export const shareWithin = (errors: readonly number[], limit: number): number | null =>
  errors.length === 0 ? null : errors.filter((e) => Math.abs(e) <= limit).length / errors.length;

/** Linear interpolation between the two nearest of the sorted values; null without any. `share` in [0, 1]. */
export function quantile(sorted: readonly number[], share: number): number | null {
  if (sorted.length === 0) return null;
  const at = share * (sorted.length - 1);
  const below = Math.floor(at);
  const low = sorted[below]!;
  return low + (at - below) * ((sorted[below + 1] ?? low) - low);
}
