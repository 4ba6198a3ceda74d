// What a target's own measurements say about how far its predictions can be believed: outliers among them, whether they
// contradict each other, and how well they predict one another. Decided from the target's data and the predictor alone,
// by rules that docs/ingest.md states.
import { adaptFromForward } from './adapt.ts';
import type { PredictorParameters } from './bundle.ts';
import { forwardRows, type LeftOut, leaveOneOut } from './leave-one-out.ts';
import { predict } from './predict.ts';
import { fewestMeasurements, type SelfCheck } from './self-check.ts';
import type { Forward } from './types.ts';

/** Outliers are only looked for from so many measurements on, and are at most this share of them. */
const outlierMeasurements = 10;
const outlierShare = 0.1;
/** An outlier is off by more than this factor, and by so many robust standard deviations of the others' errors. */
const outlierFactor = 3;
const outlierDeviations = 6;
/** Standard deviations a median absolute deviation is worth, for a normal distribution. */
const deviationsPerMad = 1.4826;
/** Contradictory: half of the measurements are off by more than the first, or a fifth by more than the second, in ln
 * latency. The largest noise that the predictor holds possible has a standard deviation of 0.2. */
const contradictoryMedian = 0.25;
const contradictoryError80 = 0.5;

/** Of ln latency; below it all differences are rounding. */
const leastVariance = 1e-12;

export interface CheckedMeasurements {
  readonly check: SelfCheck;
  /** Rows to adapt from, ascending: all but the outliers. */
  readonly kept: readonly number[];
}

/** @param latencyMs [forward.count], at least 1, finite and positive */
export function checkMeasurements(
  parameters: PredictorParameters,
  predictorHash: string,
  forward: Forward,
  latencyMs: Float64Array,
): CheckedMeasurements {
  const target: TargetRows = { parameters, predictorHash, forward, latencyMs };
  const all = Array.from({ length: forward.count }, (_, i) => i);
  if (forward.count < fewestMeasurements) {
    return { check: { measurements: forward.count, outliers: 0, leftOut: null, contradictory: false }, kept: all };
  }
  const ofAll = leftOutOf(target, all);
  const outliers = outliersAmong(target, all, ofAll);
  const kept = all.filter((i) => !outliers.has(i));
  const leftOut = outliers.size > 0 ? leftOutOf(target, kept) : ofAll;
  const errors = leftOut.lnErrors.map(Math.abs).sort();
  const medianError = errors[Math.floor((errors.length - 1) / 2)]!;
  const error80 = errors[Math.ceil(0.8 * errors.length) - 1]!;
  return {
    kept,
    check: {
      measurements: forward.count,
      outliers: outliers.size,
      leftOut: {
        measurements: errors.length,
        medianError,
        error80,
        coverage90: leftOut.covered.reduce((sum, inside) => sum + inside, 0) / errors.length,
        explained: explainedShare(
          leftOut.lnErrors,
          leftOut.indices.map((i) => latencyMs[kept[i]!]!),
        ),
      },
      contradictory: medianError > contradictoryMedian || error80 > contradictoryError80,
    },
  };
}

interface TargetRows {
  readonly parameters: PredictorParameters;
  readonly predictorHash: string;
  readonly forward: Forward;
  readonly latencyMs: Float64Array;
}

const latenciesAt = ({ latencyMs }: TargetRows, rows: readonly number[]): Float64Array =>
  Float64Array.from(rows, (i) => latencyMs[i]!);

function leftOutOf(target: TargetRows, rows: readonly number[]): LeftOut {
  const { parameters, predictorHash, forward } = target;
  return leaveOneOut(parameters, predictorHash, forwardRows(forward, rows), latenciesAt(target, rows));
}

/** ln(measured / predicted) of `rows`, predicted from `from`. */
function errorsOf(target: TargetRows, from: readonly number[], rows: readonly number[]): Float64Array {
  const { parameters, predictorHash, forward } = target;
  const adaptation = adaptFromForward(parameters, predictorHash, forwardRows(forward, from), latenciesAt(target, from));
  const predicted = predict(adaptation, forwardRows(forward, rows)).latencyMs;
  return latenciesAt(target, rows).map((measured, i) => Math.log(measured / predicted[i]!));
}

/** The worst tenth is suspect, for an outlier spoils what is predicted of the others; outliers are those suspects that
 * the rest, with no suspect in it, still predicts to be something else by far. */
function outliersAmong(target: TargetRows, all: readonly number[], leftOut: LeftOut): Set<number> {
  const { length } = all;
  if (length < outlierMeasurements) return new Set();
  // Of many measurements none has much weight in what is predicted of it, and only some were left out.
  const errors = leftOut.indices.length === length ? leftOut.lnErrors : errorsOf(target, all, all);
  if (errors.every((error) => Math.abs(error) <= Math.log(outlierFactor))) return new Set();
  const worstFirst = all.toSorted((a, b) => Math.abs(errors[b]!) - Math.abs(errors[a]!) || a - b);
  const suspects = worstFirst.slice(0, Math.floor(outlierShare * length));
  const rest = worstFirst.slice(suspects.length).sort((a, b) => a - b);
  const ofRest = leftOutOf(target, rest).lnErrors.map(Math.abs).sort();
  const deviation = deviationsPerMad * ofRest[Math.floor(ofRest.length / 2)]!;
  const bound = Math.max(Math.log(outlierFactor), outlierDeviations * deviation);
  const ofSuspects = errorsOf(target, rest, suspects);
  return new Set(suspects.filter((_, i) => Math.abs(ofSuspects[i]!) > bound));
}

function explainedShare(lnErrors: Float64Array, latencyMs: readonly number[]): number | null {
  const lnLatency = latencyMs.map(Math.log);
  const mean = lnLatency.reduce((sum, value) => sum + value, 0) / lnLatency.length;
  const total = lnLatency.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return total > leastVariance * lnLatency.length
    ? 1 - lnErrors.reduce((sum, error) => sum + error ** 2, 0) / total
    : null;
}
