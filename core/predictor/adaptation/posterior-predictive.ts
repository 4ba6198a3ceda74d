// Predictions from an adaptation and the sums over networks' kernels: latency, a central interval, and the probability
// of meeting a budget. Every head gives a normal distribution of ln latency; the answer is the normal with their
// mixture's mean and variance.
import type { LoweringId } from '#core/graph/lowerings.ts';
import { repricedSums } from '#core/predictor/kernels/repriced-sums.ts';
import type { Forward, Prediction, PredictOptions } from '#core/predictor/types.ts';
import { normalCdf, normalQuantile } from '#core/statistics/normal.ts';
import { type Adaptation, type AdaptedHead, allWeights, type HeadRows, headRows, standingHeads } from './adaptation.ts';

/** A head's relative latency θ₀ + φ·w may fall to this before it is cut off. */
const leastRelativeLatency = 0.05;
const defaultConfidence = 0.9;

/** Mean and standard deviation of ln latency [ms], one a network. */
export interface LnMoments {
  readonly mean: Float64Array;
  readonly deviation: Float64Array;
}

/** Mean and standard deviation of ln latency [ms] under the heads together, the target's calibration applied.
 * @param lowerings of the predictor, in its order: which of forward's heads are which */
export function lnMoments(adaptation: Adaptation, lowerings: readonly LoweringId[], forward: Forward): LnMoments {
  const sums = { mean: new Float64Array(forward.count), deviation: new Float64Array(forward.count) };
  const standing = standingHeads(adaptation, lowerings);
  adaptation.heads.forEach((head, i) => {
    addHead(head, rowsUnder(head, standing[i]!, forward, lowerings.indexOf(head.lowering)), sums);
  });
  return mixtureOf(adaptation, sums);
}

/** Adds a head's normal distribution of the ln latency of network i to the sums that mixtureOf takes: means go into
 * `mean`, second moments into `deviation`.
 * @param lnMean ln m of the network under the head
 * @param relative θ₀ + φ·w where prices are linear, else 1
 * @param variance of the latter */
export function addToMixture(
  head: AdaptedHead,
  lnMean: number,
  relative: number,
  variance: number,
  { mean, deviation: square }: LnMoments,
  i: number,
): void {
  const kept = Math.max(relative, leastRelativeLatency);
  const m = lnMean + head.lnScale + Math.log(kept);
  mean[i]! += head.weight * m;
  square[i]! += head.weight * (m * m + variance / (kept * kept) + head.noiseVariance);
}

/** The moments of the heads' mixture, with the target's calibration, from the sums that addToMixture made. */
export function mixtureOf({ intervalScale }: Adaptation, { mean, deviation: square }: LnMoments): LnMoments {
  const deviation = new Float64Array(mean.length);
  for (let i = 0; i < mean.length; i++) {
    deviation[i] = intervalScale * Math.sqrt(Math.max(square[i]! - mean[i]! ** 2, 0));
  }
  return { mean, deviation };
}

function addHead(head: AdaptedHead, { lnMean, phi }: HeadRows, sums: LnMoments): void {
  const P = phi.length / lnMean.length;
  const touched = new Set(head.coordinates);
  const others = Array.from({ length: P }, (_, p) => p).filter((p) => !touched.has(p));
  const coordinates = Int32Array.from(head.coordinates);
  const weights = Float64Array.from(head.weights);
  const factor = Float64Array.from(head.factor);
  const isLinear = head.form === 'linear';
  const r = coordinates.length;
  const q = new Float64Array(r + 1);
  const product = new Float64Array(r + 1);
  const { priorMean } = head;
  for (let i = 0; i < lnMean.length; i++) {
    const start = i * P;
    // What the prior of unmeasured coordinates adds moves with θ₀.
    let relative = 1;
    if (isLinear && priorMean) for (const p of others) relative += phi[start + p]! * priorMean[p]!;
    q[0] = relative;
    for (let c = 0; c < r; c++) {
      const value = phi[start + coordinates[c]!]!;
      q[c + 1] = value;
      if (isLinear) relative += value * weights[c]!;
    }
    let outside = 0;
    for (const p of others) outside += phi[start + p]! ** 2;
    // ‖Lᵀq‖², L stated by rows.
    product.fill(0);
    for (let row = 0, f = 0; row <= r; row++) {
      const value = q[row]!;
      for (let column = 0; column <= row; column++, f++) product[column]! += factor[f]! * value;
    }
    let variance = head.priorVariance * outside;
    for (let c = 0; c <= r; c++) variance += product[c]! ** 2;
    addToMixture(head, lnMean[i]!, relative, variance, sums, i);
  }
}

/** At the head's weights where prices are positive.
 * @param index of the head among the predictor's */
function rowsUnder(head: AdaptedHead, index: number, forward: Forward, lowering: number): HeadRows {
  if (head.form === 'linear') return headRows(forward, forward.heads?.indexOf(index) ?? index);
  if (forward.launches === undefined) throw new TypeError('positive prices need what the networks launch');
  const sums = repricedSums(forward.launches, head.net, lowering, head.form);
  const weights = allWeights(head);
  return { lnMean: sums.lnMean(weights), phi: sums.phi(weights) };
}

/** Latencies in ms of the networks of `forward`; the interval is central with mass `confidence`. */
export function predictLatencies(
  adaptation: Adaptation,
  lowerings: readonly LoweringId[],
  forward: Forward,
  options: PredictOptions = {},
): Prediction {
  return predictionOf(lnMoments(adaptation, lowerings, forward), options);
}

/** The same from the moments of ln latency. */
export function predictionOf(
  { mean, deviation }: LnMoments,
  { confidence = defaultConfidence, budgetMs }: PredictOptions = {},
): Prediction {
  const z = normalQuantile((1 + confidence) / 2);
  const [latencyMs, lowMs, highMs] = [mean, mean, mean].map(({ length }) => new Float64Array(length)) as [
    Float64Array,
    Float64Array,
    Float64Array,
  ];
  for (let i = 0; i < mean.length; i++) {
    latencyMs[i] = Math.exp(mean[i]!);
    const factor = Math.exp(z * deviation[i]!);
    lowMs[i] = latencyMs[i]! / factor;
    highMs[i] = latencyMs[i]! * factor;
  }
  return {
    latencyMs,
    lowMs,
    highMs,
    ...(budgetMs !== undefined && {
      withinBudgetProbability: mean.map((m, i) => normalCdf((Math.log(budgetMs) - m) / deviation[i]!)),
    }),
  };
}
