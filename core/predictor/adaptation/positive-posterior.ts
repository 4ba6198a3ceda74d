// The posterior of one target under one hypothesis (head, σ) whose prices are positive (repriced-sums.ts):
//   ln latency(a) = ln scale + ln Σ c(x) μ(x) p(ψ(x)·w) + σ ε,   p(s) = (s/2 + √(1 + s²/4))²
// One that is far from the middle does not move others' latencies the wrong way.
// The linear form (posterior.ts) is its first order. It is solved by Gauss-Newton steps, each halved until the
// posterior rises; with X = φ at w [k × P], t = ln latency − ln m + Xw, K = XXᵀ + σ²D, and a flat prior on ln scale:
//   ln scale = 1ᵀK⁻¹t / 1ᵀK⁻¹1;  w ← XᵀK⁻¹(t − ln scale)
//   ln evidence = −½ tᵀK⁻¹(t − ln scale) − ½ ln det K − ½ ln 1ᵀK⁻¹1 − Σ ln latency   (Laplace)
// (constants that all hypotheses share, the linear ones among them, are left out).

import { dot } from '#core/matrix/small-matrix.ts';
import type { RepricedSums } from '#core/predictor/kernels/repriced-sums.ts';
import { inAllFeatures, invertedFactor, type Posterior, type SupportSystem, supportSystem } from './posterior.ts';

export interface PositivePosterior {
  readonly posterior: Posterior;
  /** φ of the measured networks at the weights [k × P]. */
  readonly phi: Float64Array;
  /** Where the steps ended [P]. */
  readonly weights: Float64Array;
}

/** From anywhere; and from where nearly the same measurements ended. */
export const stepsFromAfar = 25;
export const stepsFromNear = 1;
/** Steps end when the posterior of a measurement rises by less. */
const leastGain = 1e-4;
const shortestStep = 1e-3;

/** @param sums of the measured networks under the head
 * @param lnLatency ln ms [k]
 * @param variance of the noise of each measurement [k]
 * @param start weights to begin at [P]
 * @param mostSteps before what was found is taken for the highest point */
export function positivePosterior(
  sums: RepricedSums,
  lnLatency: Float64Array,
  variance: Float64Array,
  start: Float64Array,
  mostSteps = stepsFromAfar,
): PositivePosterior {
  const k = lnLatency.length;
  const at = (weights: Float64Array): Point => {
    const lnMean = sums.lnMean(weights);
    return { weights, lnMean, misfit: misfitOf(weights, lnMean, lnLatency, variance) };
  };
  let point = at(start);
  let phi = sums.phi(point.weights);
  let solution = solve(point, phi, lnLatency, variance);
  for (let step = 0; step < mostSteps; step++) {
    const next = halved(point, solution.weights, at);
    if (next === undefined) break;
    const gain = point.misfit - next.misfit;
    point = next;
    phi = sums.phi(point.weights);
    solution = solve(point, phi, lnLatency, variance);
    if (gain < leastGain * k) break;
  }
  return { posterior: solution.posterior, phi, weights: point.weights };
}

interface Point {
  readonly weights: Float64Array;
  readonly lnMean: Float64Array;
  /** −2 ln posterior but for a constant. */
  readonly misfit: number;
}

/** The step to `goal`, or as much of it as lowers the misfit; undefined where no part of it does. */
function halved(from: Point, goal: Float64Array, at: (weights: Float64Array) => Point): Point | undefined {
  for (let part = 1; part > shortestStep; part /= 2) {
    const next = at(from.weights.map((w, p) => w + part * (goal[p]! - w)));
    if (next.misfit < from.misfit) return next;
  }
  return undefined;
}

function misfitOf(
  weights: Float64Array,
  lnMean: Float64Array,
  lnLatency: Float64Array,
  variance: Float64Array,
): number {
  let total = 0;
  let center = 0;
  lnLatency.forEach((ln, i) => {
    total += 1 / variance[i]!;
    center += (ln - lnMean[i]!) / variance[i]!;
  });
  center /= total;
  let misfit = dot(weights, weights);
  for (let i = 0; i < lnLatency.length; i++) misfit += (lnLatency[i]! - lnMean[i]! - center) ** 2 / variance[i]!;
  return misfit;
}

/** The linear problem at a point: its posterior, and its weights in all features [P]. */
function solve({ weights, lnMean }: Point, phi: Float64Array, lnLatency: Float64Array, variance: Float64Array) {
  const k = lnLatency.length;
  const P = weights.length;
  const system = supportSystem({ phi, lnMean, lnLatency });
  const t = lnLatency.map((ln, i) => ln - lnMean[i]! + dot(weights, phi.subarray(i * P, (i + 1) * P)));
  const solved = system.solve(t, variance);
  const { a, b, c, halfLogDeterminant, toZ, toOne } = solved;
  const lnScale = b / c;
  const posterior: Posterior = {
    lnEvidence:
      -0.5 * (a - b * lnScale + Math.log(c)) - halfLogDeterminant - lnLatency.reduce((sum, ln) => sum + ln, 0),
    lnScale,
    weights: toZ.map((z, i) => z - lnScale * toOne[i]!),
    factor: invertedFactor(solved),
    scaleVariance: 1 / c,
    scaleResponse: toOne,
    outliers: [],
  };
  const whole = system.used ? inAllFeatures(posterior, system.used, P) : posterior;
  return { posterior: whole, weights: inFeatures(whole.weights, system, k, P) };
}

function inFeatures(weights: Float64Array, { inMeasurements, phi }: SupportSystem, k: number, P: number): Float64Array {
  if (!inMeasurements) return weights;
  const all = new Float64Array(P);
  for (let i = 0; i < k; i++) {
    const row = phi.subarray(i * P, (i + 1) * P);
    for (let p = 0; p < P; p++) all[p]! += weights[i]! * row[p]!;
  }
  return all;
}
