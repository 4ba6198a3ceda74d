// Which networks to measure: greedy reduction of the posterior variance of ln latency, summed over candidates, under
// what the predictor holds possible before any measurement: the scale, the weights of every head, and which head it is
// (by how the heads' ln m differ, so that the measurements tell lowerings apart). Each pick is the candidate whose
// measurement would lower that sum most; picks do not depend on latencies, so the whole set is known before anything is
// measured.
import { DomainError } from '#core/errors.ts';
import type { Forward } from '#core/predictor/types.ts';

const assumedNoise = 0.03;
/** The median of |N(0, 1)|. */
const medianOfAbsoluteNormal = 0.6745;

export interface SupportSet {
  /** Into the candidates, in the order in which to measure. */
  readonly indices: number[];
  /** Median absolute relative error to expect of predictions, before any and after each measurement [1 + count]. */
  readonly expectedErrors: number[];
  /** Mean posterior variance of ln latency over the candidates, before any and after each measurement [1 + count]. */
  readonly variances: number[];
}

/**
 * Which `count` candidates to measure, in order: each lowers the posterior variance of ln latency, summed over all
 * candidates, most. Costs an n × n covariance for n candidates.
 * @param forward ln m and φ of the candidates under `headCount` heads
 * @param measured indices of candidates that are already measured: known, and not chosen again
 * @throws DomainError `invalid-request` when fewer candidates than `count` are left
 */
export function selectSupportSet(
  forward: Forward,
  headCount: number,
  count: number,
  measured: readonly number[] = [],
): SupportSet {
  const n = forward.count;
  const taken = new Set(measured);
  if (n - taken.size < count) {
    const message = `${count} networks asked for, only ${n - taken.size} candidates`;
    throw new DomainError('invalid-request', message);
  }
  const covariance = priorCovariance(forward, headCount);
  for (const row of measured) condition(covariance, n, row);
  const indices: number[] = [];
  const variances = [meanVariance(covariance, n)];
  while (indices.length < count) {
    let best = -1;
    let bestGain = Number.NEGATIVE_INFINITY;
    for (let i = 0; i < n; i++) {
      if (taken.has(i)) continue;
      const gain = gainOf(covariance, n, i);
      if (gain > bestGain) {
        bestGain = gain;
        best = i;
      }
    }
    indices.push(best);
    taken.add(best);
    condition(covariance, n, best);
    variances.push(meanVariance(covariance, n));
  }
  return { indices, expectedErrors: variances.map((v) => expectedErrorOf(v, assumedNoise)), variances };
}

/** Between candidates [n × n]: 1 for the scale, φ·φ′ and δ·δ′ averaged over the heads, δ a head's ln m less the mean of
 * all heads' and less its own mean over the candidates (which the scale takes up). */
function priorCovariance({ count: n, lnMean, phi }: Forward, H: number): Float64Array {
  const P = phi.length / (n * H);
  const width = H * (P + 1);
  const rows = new Float64Array(n * width);
  const centre = new Float64Array(H);
  for (let i = 0; i < n; i++) {
    const own = lnMean.subarray(i * H, (i + 1) * H);
    const mean = own.reduce((sum, value) => sum + value, 0) / H;
    for (let h = 0; h < H; h++) {
      rows[i * width + h] = own[h]! - mean;
      centre[h]! += (own[h]! - mean) / n;
    }
    rows.set(phi.subarray(i * H * P, (i + 1) * H * P), i * width + H);
  }
  for (let i = 0; i < n; i++) for (let h = 0; h < H; h++) rows[i * width + h]! -= centre[h]!;
  const covariance = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      let total = 0;
      for (let c = 0, a = i * width, b = j * width; c < width; c++, a++, b++) total += rows[a]! * rows[b]!;
      covariance[i * n + j] = 1 + total / H;
      covariance[j * n + i] = 1 + total / H;
    }
  }
  return covariance;
}

/** By how much measuring row i lowers the summed variance: Σⱼ Cᵢⱼ² / (Cᵢᵢ + σ²). */
function gainOf(covariance: Float64Array, n: number, i: number): number {
  let total = 0;
  for (let j = i * n; j < (i + 1) * n; j++) total += covariance[j]! ** 2;
  return total / (covariance[i * n + i]! + assumedNoise ** 2);
}

/** C ← C − c cᵀ / (cᵢ + σ²), c its i-th row. */
function condition(covariance: Float64Array, n: number, i: number): void {
  const row = covariance.slice(i * n, (i + 1) * n);
  const scale = 1 / (row[i]! + assumedNoise ** 2);
  for (let p = 0; p < n; p++) {
    const factor = row[p]! * scale;
    for (let q = 0, at = p * n; q < n; q++, at++) covariance[at]! -= factor * row[q]!;
  }
}

function meanVariance(covariance: Float64Array, n: number): number {
  let trace = 0;
  for (let i = 0; i < n; i++) trace += covariance[i * n + i]!;
  return Math.max(trace / n, 0);
}

/**
 * Median absolute relative error to expect where ln latency is normal with this posterior variance and the noise has
 * this standard deviation (both of ln latency): .6745 √(variance + noise²), .6745 being the median of |N(0, 1)|.
 */
export function expectedErrorOf(variance: number, noise: number): number {
  return medianOfAbsoluteNormal * Math.sqrt(variance + noise ** 2);
}
