// Predictions from an adaptation and one forward pass: latency, a central interval, and the probability of meeting a
// budget. Every hypothesis gives a normal distribution of ln latency; the answer is
// the normal with their mixture's mean and variance.

import type { Forward, Prediction, PredictOptions } from '#core/predictor/types.ts';
import { normalCdf, normalQuantile } from '#core/statistics/normal.ts';
import type { TargetPosterior } from './adaptation.ts';

/** A linear head's relative latency 1 + φ·w may fall to this before it is cut off. */
const leastRelativeLatency = 0.05;

/** Mean and standard deviation of ln latency [ms] under each hypothesis, [hypotheses][count]. */
export interface LogPredictive {
  readonly weights: Float64Array;
  readonly means: readonly Float64Array[];
  readonly deviations: readonly Float64Array[];
}

/**
 * The normal distribution of ln latency (latency in ms) that each hypothesis of an adaptation gives for each
 * architecture of `forward`, with the hypotheses' weights. Deviations contain the hypothesis's noise, not yet the
 * target's `intervalScale`.
 */
export function logPredictive(adaptation: TargetPosterior, forward: Forward): LogPredictive {
  const { hypotheses } = adaptation;
  const outputs = new Map<TargetPosterior['hypotheses'][number], { means: Float64Array; deviations: Float64Array }>();
  for (const [head, own] of Map.groupBy(hypotheses, (h) => h.head)) {
    const queries = queryCoordinates(adaptation.basis[head], forward, head, own[0]!.weights.length);
    for (const hypothesis of own) {
      outputs.set(hypothesis, hypothesisPredictive(hypothesis, forward, queries));
    }
  }
  return {
    weights: Float64Array.from(hypotheses, (h) => h.weight),
    means: hypotheses.map((h) => outputs.get(h)!.means),
    deviations: hypotheses.map((h) => outputs.get(h)!.deviations),
  };
}

interface Queries {
  /** t of every architecture [count × r]. */
  readonly coordinates: Float64Array;
  /** ‖q‖² with a basis; empty without. */
  readonly priorVariance: Float64Array;
}

/** Coordinates of φ(a) for one head, shared by its hypotheses: t = Xq with a basis X [r · P], t = q without. */
function queryCoordinates(basis: readonly number[] | undefined, forward: Forward, head: number, r: number): Queries {
  const { count, phi } = forward;
  const perRow = phi.length / count;
  const rows = Float64Array.from(basis ?? []);
  const P = basis ? basis.length / r : r;
  const coordinates = new Float64Array(count * r);
  const priorVariance = new Float64Array(basis ? count : 0);
  const q = new Float64Array(P);
  for (let i = 0; i < count; i++) {
    const start = i * perRow + head * P;
    let norm = 0;
    for (let p = 0; p < P; p++) {
      const value = phi[start + p]!;
      q[p] = value;
      norm += value * value;
    }
    if (!basis) {
      coordinates.set(q, i * r);
      continue;
    }
    priorVariance[i] = norm;
    for (let k = 0; k < r; k++) {
      let total = 0;
      for (let p = 0, at = k * P; p < P; p++, at++) total += rows[at]! * q[p]!;
      coordinates[i * r + k] = total;
    }
  }
  return { coordinates, priorVariance };
}

function hypothesisPredictive(
  hypothesis: TargetPosterior['hypotheses'][number],
  forward: Forward,
  { coordinates, priorVariance }: Queries,
): { means: Float64Array; deviations: Float64Array } {
  const { count } = forward;
  const means = new Float64Array(count);
  const deviations = new Float64Array(count);
  const weights = Float64Array.from(hypothesis.weights);
  const response = Float64Array.from(hypothesis.scaleResponse);
  const factor = Float64Array.from(hypothesis.factor);
  const r = weights.length;
  const meansPerRow = forward.lnMean.length / count;
  const noise = hypothesis.sigma ** 2;
  const linear = hypothesis.kind === 'linear';
  const withBasis = priorVariance.length > 0;
  for (let i = 0; i < count; i++) {
    const start = i * r;
    let shift = 0;
    let unmet = 1;
    let explained = 0;
    for (let row = 0, at = 0; row < r; row++) {
      const t = coordinates[start + row]!;
      shift += t * weights[row]!;
      unmet -= t * response[row]!;
      let component = 0;
      for (let column = 0; column <= row; column++) component += factor[at++]! * coordinates[start + column]!;
      explained += component * component;
    }
    const ofWeights = withBasis ? Math.max(priorVariance[i]! - explained, 0) : explained;
    const variance = ofWeights + hypothesis.scaleVariance * unmet * unmet;
    const base = forward.lnMean[i * meansPerRow + hypothesis.mean]! + hypothesis.lnScale;
    if (linear) {
      const relative = Math.max(1 + shift, leastRelativeLatency);
      means[i] = base + Math.log(relative);
      deviations[i] = Math.sqrt(variance / (relative * relative) + noise);
    } else {
      means[i] = base + shift;
      deviations[i] = Math.sqrt(variance + noise);
    }
  }
  return { means, deviations };
}

export const defaultConfidence = 0.9;

/**
 * Mean and standard deviation [forward.count] of ln latency (latency in ms) under the mixture of all hypotheses, the
 * deviation times the target's `intervalScale`.
 */
export function lnMoments(
  adaptation: TargetPosterior,
  forward: Forward,
): { mean: Float64Array; deviation: Float64Array } {
  const { weights, means, deviations } = logPredictive(adaptation, forward);
  const mean = new Float64Array(forward.count);
  const deviation = new Float64Array(forward.count);
  for (let i = 0; i < forward.count; i++) {
    let first = 0;
    let second = 0;
    for (let h = 0; h < weights.length; h++) {
      const m = means[h]![i]!;
      const s = deviations[h]![i]!;
      first += weights[h]! * m;
      second += weights[h]! * (m * m + s * s);
    }
    mean[i] = first;
    deviation[i] = adaptation.intervalScale * Math.sqrt(Math.max(second - first * first, 0));
  }
  return { mean, deviation };
}

/**
 * Latencies and central intervals in ms, one an architecture of `forward`, and with a budget the probability of meeting
 * it: normal in ln latency with the moments of lnMoments.
 * @param options `confidence` is the interval's mass, in (0, 1), .9 by default; `budgetMs` in ms
 */
export function predict(adaptation: TargetPosterior, forward: Forward, options: PredictOptions = {}): Prediction {
  const { confidence = defaultConfidence, budgetMs } = options;
  const { mean, deviation } = lnMoments(adaptation, forward);
  const z = normalQuantile((1 + confidence) / 2);
  return {
    latencyMs: mean.map(Math.exp),
    lowMs: mean.map((m, i) => Math.exp(m - z * deviation[i]!)),
    highMs: mean.map((m, i) => Math.exp(m + z * deviation[i]!)),
    ...(budgetMs !== undefined && {
      withinBudgetProbability: mean.map((m, i) => normalCdf((Math.log(budgetMs) - m) / deviation[i]!)),
    }),
  };
}
