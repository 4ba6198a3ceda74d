// What a target's own measurements say about how far its predictions can be believed: how well they predict one
// another, and whether they contradict each other. Decided from the target's data and the predictor alone, by rules
// that docs/ingest.md states.
import type { Forward, HeadParameters } from '#core/predictor/types.ts';
import { type Adaptation, type AdaptOptions, manyMeasurements, standingHeads } from './adaptation.ts';
import { leaveOneOut } from './leave-one-out.ts';
import { fewestMeasurements, type SelfCheck } from './self-check.ts';

/** Contradictory: half of the measurements are off by more than the first, or a fifth by more than the second, in ln
 * latency. The largest noise that the predictor holds possible has a standard deviation of 0.2. */
const contradictoryMedian = 0.25;
const contradictoryError80 = 0.5;

/** A variance of ln latency below which all differences are rounding. */
const leastVariance = 1e-12;

/** Takes a second or so for a thousand measurements: choose a few hundred of more.
 * @param latencyMs [forward.count], at least 1, finite and positive
 * @param adaptation to all of them. What it takes for outliers counts as errors, but not as variance to explain; of
 * many measurements leaving a few out brings no head back
 * @param alone rows of networks that need not be like any other of the target: the others may say little of them, so
 * that only what is beyond their intervals counts as a contradiction
 * @param described what `adaptation` was made with beside them */
export function checkMeasurements(
  parameters: HeadParameters,
  predictorHash: string,
  forward: Forward,
  latencyMs: Float64Array,
  adaptation: Adaptation,
  alone: ReadonlySet<number> = new Set(),
  described: Pick<AdaptOptions, 'operators' | 'lnLoweringPriors'> = {},
): SelfCheck {
  if (forward.count < fewestMeasurements) return { leftOut: null, contradiction: null };
  const { outliers } = adaptation;
  const options = {
    ...described,
    near: adaptation,
    ...(forward.count > manyMeasurements && { heads: standingHeads(adaptation, parameters.lowerings) }),
  };
  const { lnErrors, covered, beyond } = leaveOneOut(parameters, predictorHash, forward, latencyMs, options);
  const errors = lnErrors.map(Math.abs).sort();
  const medianError = medianOf(errors);
  const error80 = error80Of(errors);
  const surprises = lnErrors.map((error, i) => (alone.has(i) ? beyond[i]! : Math.abs(error))).sort();
  const tooFar = medianOf(surprises) > contradictoryMedian || error80Of(surprises) > contradictoryError80;
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

const medianOf = (ascending: Float64Array): number => ascending[Math.floor((ascending.length - 1) / 2)]!;
const error80Of = (ascending: Float64Array): number => ascending[Math.ceil(0.8 * ascending.length) - 1]!;

function explainedShare(lnErrors: Float64Array, latencyMs: Float64Array): number | null {
  const lnLatency = latencyMs.map(Math.log);
  const mean = lnLatency.reduce((sum, value) => sum + value, 0) / lnLatency.length;
  const total = lnLatency.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return total > leastVariance * lnLatency.length
    ? 1 - lnErrors.reduce((sum, error) => sum + error ** 2, 0) / total
    : null;
}

/** `half are off by more than 12.0 % and a fifth by more than 20.1 %`. */
export function errorsSentence(medianError: number, error80: number): string {
  // A ratio of e^error, as the percentage by which the larger exceeds the smaller.
  const percent = (lnError: number): string => `${(100 * Math.expm1(lnError)).toFixed(1)} %`;
  return `half are off by more than ${percent(medianError)} and a fifth by more than ${percent(error80)}`;
}
