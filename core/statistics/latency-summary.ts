// How the samples of one network become the latency summary of a profile. Pure statistics; the agent and the acceptance
// rules use the same ones.
import * as z from 'zod';
import { quantile } from './quantile.ts';

/** Positive and finite. What counts as plausible is an acceptance rule, not a matter of form. */
const positiveMs = z.number().positive();

export const latencySummarySchema = z
  .strictObject({
    medianMs: positiveMs.describe('Median latency of one inference, ms. This is the value that is learned from.'),
    trimmedMeanMs: positiveMs
      .nullable()
      .describe('Mean without the fastest and slowest tenth of the samples, ms. null: not known.'),
    spreadMs: z
      .number()
      .nonnegative()
      .nullable()
      .describe('Interquartile range of the samples (third minus first quartile), ms. null: not known.'),
  })
  .describe('Summary of the samples of one network.');

export type LatencySummary = z.infer<typeof latencySummarySchema>;

/** Mean of `sorted` (ascending) without ⌊n/10⌋ samples at each end. */
export function trimmedMean(sorted: ArrayLike<number>): number {
  const cut = Math.floor(sorted.length / 10);
  let sum = 0;
  for (let i = cut; i < sorted.length - cut; i++) sum += sorted[i]!;
  return sum / (sorted.length - 2 * cut);
}

/** Samples in ms, in any order, at least one → the summary. */
export function summariseLatency(samplesMs: readonly number[]): {
  medianMs: number;
  trimmedMeanMs: number;
  spreadMs: number;
} {
  const sorted = Float64Array.from(samplesMs).sort();
  return {
    medianMs: quantile(sorted, 0.5),
    trimmedMeanMs: trimmedMean(sorted),
    spreadMs: quantile(sorted, 0.75) - quantile(sorted, 0.25),
  };
}
