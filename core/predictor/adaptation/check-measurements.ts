// What a target's own measurements say about how far its predictions can be believed: how well they predict one
// another, and whether they contradict each other. Decided from the target's data and the predictor alone, by rules
// that docs/ingest.md states.
import type { PredictorParameters } from '#core/predictor/bundle.ts';
import type { Forward } from '#core/predictor/types.ts';
import { leaveOneOut } from './leave-one-out.ts';
import { fewestMeasurements, type SelfCheck } from './self-check.ts';

/** Contradictory: half of the measurements are off by more than the first, or a fifth by more than the second, in ln
 * latency. The largest noise that the predictor holds possible has a standard deviation of 0.2. */
const contradictoryMedian = 0.25;
const contradictoryError80 = 0.5;

/** Variance of ln latency below which all differences are rounding. */
const leastVariance = 1e-12;

/**
 * What a target's measurements say about themselves: the errors when each is predicted from the others, and whether
 * they contradict each other (rules: docs/ingest.md); nothing of either where there are fewer than five. Takes a second
 * or so for a thousand measurements: choose a few hundred of more.
 * @param latencyMs measured latencies in ms, [forward.count], at least 1, finite and positive
 * @param outliers rows that the adaptation takes for outliers: they count as errors, but not as variance to explain
 */
export function checkMeasurements(
  parameters: PredictorParameters,
  predictorHash: string,
  forward: Forward,
  latencyMs: Float64Array,
  outliers: readonly number[],
): SelfCheck {
  if (forward.count < fewestMeasurements) return { leftOut: null, contradiction: null };
  const { lnErrors, covered } = leaveOneOut(parameters, predictorHash, forward, latencyMs);
  const errors = lnErrors.map(Math.abs).sort();
  const medianError = errors[Math.floor((errors.length - 1) / 2)]!;
  const error80 = errors[Math.ceil(0.8 * errors.length) - 1]!;
  const tooFar = medianError > contradictoryMedian || error80 > contradictoryError80;
  return {
    leftOut: {
      measurements: errors.length,
      medianError,
      error80,
      coverage90: covered.reduce((sum, inside) => sum + inside, 0) / errors.length,
      explained: explainedShare(
        lnErrors.filter((_, i) => !outliers.includes(i)),
        latencyMs.filter((_, i) => !outliers.includes(i)),
      ),
    },
    contradiction: tooFar ? `predicted from each other, ${errorsSentence(medianError, error80)}` : null,
  };
}

function explainedShare(lnErrors: Float64Array, latencyMs: Float64Array): number | null {
  const lnLatency = latencyMs.map(Math.log);
  const mean = lnLatency.reduce((sum, value) => sum + value, 0) / lnLatency.length;
  const total = lnLatency.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return total > leastVariance * lnLatency.length
    ? 1 - lnErrors.reduce((sum, error) => sum + error ** 2, 0) / total
    : null;
}

/**
 * The median and the 80th percentile of |ln(measured / predicted)| in words, as percentages by which the larger exceeds
 * the smaller: `half are off by more than 12.0 % and a fifth by more than 20.1 %`.
 */
export function errorsSentence(medianError: number, error80: number): string {
  // A ratio of e^error, as the percentage by which the larger exceeds the smaller.
  const percent = (lnError: number): string => `${(100 * Math.expm1(lnError)).toFixed(1)} %`;
  return `half are off by more than ${percent(medianError)} and a fifth by more than ${percent(error80)}`;
}
