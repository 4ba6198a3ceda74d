// How wide a target's intervals must be. The posterior's own deviations are right for targets like those it was trained
// on; how far they are right for this one its measurements tell: each is predicted from the others, and the residuals,
// in standard deviations, should have a mean square of 1. What few measurements say is drawn towards 1.
import type { Forward, HeadParameters } from '#core/predictor/types.ts';
import { type Adaptation, type AdaptOptions, adaptTarget, standingHeads } from './adaptation.ts';
import { forwardRows } from './leave-one-out.ts';
import { lnMoments } from './posterior-predictive.ts';

/** How many measurements the posterior's own word counts for. */
const priorMeasurements = 10;
/** Intervals are never narrowed by more than a tenth: too narrow misleads more than too wide. */
const leastScale = 0.9;
/** A residual beyond three deviations counts as three: one outlier must not widen every interval. */
const largestSquare = 9;
/** With more measurements, so many interleaved groups of at most so many evenly spaced ones are left out in turn. */
const mostLeftOutSingly = 32;
const groups = 8;
const mostUsed = 256;

/** adaptTarget with the intervals that the measurements call for. */
export function adaptCalibrated(
  parameters: HeadParameters,
  predictorHash: string,
  forward: Forward,
  latencyMs: Float64Array,
  options: AdaptOptions = {},
): Adaptation {
  const adaptation = adaptTarget(parameters, predictorHash, forward, latencyMs, options);
  const used = Math.min(forward.count, mostUsed);
  const rows = Array.from({ length: used }, (_, i) => Math.floor((i * forward.count) / used));
  const folds = used <= mostLeftOutSingly ? used : groups;
  if (used < (options.operators ? 1 : 2)) return adaptation;
  const latencies = (of: readonly number[]): Float64Array => Float64Array.from(of, (row) => latencyMs[row]!);
  // With many measurements leaving a few out brings no head back.
  const known = {
    ...options,
    near: adaptation,
    measured: options.measured ?? forward.count,
    ...(used > mostLeftOutSingly && { heads: standingHeads(adaptation, parameters.lowerings) }),
  };
  let squares = 0;
  for (let fold = 0; fold < folds; fold++) {
    const out = rows.filter((_, i) => i % folds === fold);
    const rest = rows.filter((_, i) => i % folds !== fold);
    const without = adaptTarget(parameters, predictorHash, forwardRows(forward, rest), latencies(rest), known);
    const { mean, deviation } = lnMoments(without, parameters.lowerings, forwardRows(forward, out));
    for (const [i, latency] of latencies(out).entries()) {
      squares += Math.min(((Math.log(latency) - mean[i]!) / deviation[i]!) ** 2, largestSquare);
    }
  }
  const scale = Math.sqrt((priorMeasurements + squares) / (priorMeasurements + used));
  return { ...adaptation, intervalScale: Math.max(scale, leastScale) };
}
