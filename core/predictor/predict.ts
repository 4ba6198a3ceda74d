// Predictions from an adaptation and one forward pass: latency, a central interval, and the probability of meeting a
// budget. Every hypothesis gives a normal distribution of ln latency; the answer is their mixture.
import type { Adaptation } from '#core/predictor/adapt.ts';
import { mixtureQuantile, normalCdf, normalQuantile } from '#core/predictor/normal.ts';
import type { Forward, Prediction, PredictOptions } from '#core/predictor/types.ts';

/** A linear head's relative latency 1 + φ·w may fall to this before it is cut off. */
const leastRelativeLatency = 0.05;

/** Mean and standard deviation of ln latency [ms] under each hypothesis, [hypotheses][count]. */
export interface LogPredictive {
  readonly weights: Float64Array;
  readonly means: readonly Float64Array[];
  readonly deviations: readonly Float64Array[];
}

export function logPredictive(adaptation: Adaptation, forward: Forward): LogPredictive {
  const { count } = forward;
  const outputs = adaptation.hypotheses.map((hypothesis) => {
    const means = new Float64Array(count);
    const deviations = new Float64Array(count);
    hypothesisPredictive(hypothesis, adaptation.intervalScale, forward, means, deviations);
    return { means, deviations };
  });
  return {
    weights: Float64Array.from(adaptation.hypotheses, (h) => h.weight),
    means: outputs.map((o) => o.means),
    deviations: outputs.map((o) => o.deviations),
  };
}

function hypothesisPredictive(
  hypothesis: Adaptation['hypotheses'][number],
  intervalScale: number,
  forward: Forward,
  means: Float64Array,
  deviations: Float64Array,
): void {
  const weights = Float64Array.from(hypothesis.weights);
  const response = Float64Array.from(hypothesis.scaleResponse);
  const factor = Float64Array.from(hypothesis.factor);
  const P = weights.length;
  const perRow = forward.phi.length / forward.count;
  const meansPerRow = forward.lnMean.length / forward.count;
  const q = new Float64Array(P);
  const noise = hypothesis.sigma ** 2;
  const linear = hypothesis.kind === 'linear';
  for (let i = 0; i < forward.count; i++) {
    const start = i * perRow + hypothesis.head * P;
    let shift = 0;
    let response1 = 1;
    for (let p = 0; p < P; p++) {
      const value = forward.phi[start + p]!;
      q[p] = value;
      shift += value * weights[p]!;
      response1 -= value * response[p]!;
    }
    let variance = hypothesis.scaleVariance * response1 * response1;
    for (let r = 0, at = 0; r < P; r++) {
      let component = 0;
      for (let p = 0; p <= r; p++) component += factor[at++]! * q[p]!;
      variance += component * component;
    }
    const base = forward.lnMean[i * meansPerRow + hypothesis.mean]! + hypothesis.lnScale;
    if (linear) {
      const relative = Math.max(1 + shift, leastRelativeLatency);
      means[i] = base + Math.log(relative);
      deviations[i] = intervalScale * Math.sqrt(variance / (relative * relative) + noise);
    } else {
      means[i] = base + shift;
      deviations[i] = intervalScale * Math.sqrt(variance + noise);
    }
  }
}

export const defaultConfidence = 0.9;

/** Latencies in ms of the architectures of `forward`; the interval is central with mass `confidence`. */
export function predict(adaptation: Adaptation, forward: Forward, options: PredictOptions = {}): Prediction {
  const { confidence = defaultConfidence, budgetMs } = options;
  const { weights, means, deviations } = logPredictive(adaptation, forward);
  const tail = (1 - confidence) / 2;
  const z = normalQuantile(tail);
  const latencyMs = new Float64Array(forward.count);
  const lowMs = new Float64Array(forward.count);
  const highMs = new Float64Array(forward.count);
  const within = budgetMs === undefined ? undefined : new Float64Array(forward.count);
  const mean = new Float64Array(weights.length);
  const deviation = new Float64Array(weights.length);
  for (let i = 0; i < forward.count; i++) {
    let lnLatency = 0;
    for (let h = 0; h < weights.length; h++) {
      mean[h] = means[h]![i]!;
      deviation[h] = deviations[h]![i]!;
      lnLatency += weights[h]! * mean[h]!;
    }
    latencyMs[i] = Math.exp(lnLatency);
    lowMs[i] = Math.exp(mixtureQuantile(tail, z, weights, mean, deviation));
    highMs[i] = Math.exp(mixtureQuantile(1 - tail, -z, weights, mean, deviation));
    if (within && budgetMs !== undefined) {
      let probability = 0;
      for (let h = 0; h < weights.length; h++) {
        probability += weights[h]! * normalCdf((Math.log(budgetMs) - mean[h]!) / deviation[h]!);
      }
      within[i] = probability;
    }
  }
  return { latencyMs, lowMs, highMs, ...(within ? { withinBudgetProbability: within } : {}) };
}
