// Which architectures to measure: greedy reduction of the posterior variance summed over candidates, under the learned
// prior (a linear model on [1 | φ of every head], noise .03). Each pick is the candidate whose measurement would lower
// that sum most; picks do not depend on latencies, so the whole support set is known before anything is measured.
import { DomainError } from '#core/errors.ts';
import type { Predictor } from '#core/predictor/bundle.ts';
import type { Forward } from '#core/predictor/types.ts';
import type { Architecture } from '#core/search-space/search-space.ts';

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
 * Which `count` candidates to measure, in order: each lowers the posterior variance of ln latency, summed over the
 * connected candidates, most. Depends on no latency.
 * @param measured architectures already measured on the target; they are not chosen again
 * @throws DomainError `invalid-request` when fewer candidates than `count` are connected and not measured yet
 */
export async function selectSupportSet(
  predictor: Predictor,
  candidates: readonly Architecture[],
  count: number,
  measured: readonly Architecture[] = [],
): Promise<SupportSet> {
  const usable = [...candidates.keys()].filter((i) => predictor.space.isConnected(candidates[i]!));
  const done = new Set(measured.map(String));
  const open = [...usable.keys()].filter((row) => !done.has(String(candidates[usable[row]!]!)));
  if (open.length < count) {
    throw new DomainError('invalid-request', `${count} architectures asked for, only ${open.length} candidates`);
  }
  const rows = designRows(predictor, await predictor.forward(usable.map((i) => candidates[i]!)));
  const known = designRows(predictor, await predictor.forward(measured));
  const { picks, variances } = greedy(rows, open, known, count);
  return {
    indices: picks.map((i) => usable[i]!),
    expectedErrors: variances.map((variance) => expectedErrorOf(variance, assumedNoise)),
    variances,
  };
}

interface Rows {
  readonly count: number;
  readonly width: number;
  readonly values: Float64Array;
}

/** [1 | φ / √heads] of every architecture. */
function designRows({ parameters }: Predictor, forward: Forward): Rows {
  const perRow = parameters.heads.length * parameters.featureDimension;
  const width = 1 + perRow;
  const values = new Float64Array(forward.count * width);
  for (let i = 0; i < forward.count; i++) {
    values[i * width] = 1;
    for (let p = 0; p < perRow; p++) {
      values[i * width + 1 + p] = forward.phi[i * perRow + p]! / Math.sqrt(parameters.heads.length);
    }
  }
  return { count: forward.count, width, values };
}

function greedy(rows: Rows, open: readonly number[], known: Rows, count: number) {
  const { width } = rows;
  const covariance = identity(width);
  const gram = gramOf(rows);
  for (let i = 0; i < known.count; i++) condition(covariance, width, known.values.subarray(i * width, (i + 1) * width));
  const picks: number[] = [];
  const variances = [meanVariance(covariance, gram, rows.count)];
  while (picks.length < count) {
    let best = -1;
    let bestGain = Number.NEGATIVE_INFINITY;
    for (const i of open) {
      if (picks.includes(i)) continue;
      const gain = varianceGain(covariance, gram, rows.values.subarray(i * width, (i + 1) * width));
      if (gain > bestGain) {
        bestGain = gain;
        best = i;
      }
    }
    picks.push(best);
    condition(covariance, width, rows.values.subarray(best * width, (best + 1) * width));
    variances.push(meanVariance(covariance, gram, rows.count));
  }
  return { picks, variances };
}

function identity(width: number): Float64Array {
  const matrix = new Float64Array(width * width);
  for (let i = 0; i < width; i++) matrix[i * width + i] = 1;
  return matrix;
}

function gramOf({ count, width, values }: Rows): Float64Array {
  const gram = new Float64Array(width * width);
  for (let i = 0; i < count; i++) {
    for (let p = 0; p < width; p++) {
      const left = values[i * width + p]!;
      for (let q = 0; q < width; q++) gram[p * width + q]! += left * values[i * width + q]!;
    }
  }
  return gram;
}

function times(matrix: Float64Array, row: Float64Array): Float64Array {
  const width = row.length;
  const product = new Float64Array(width);
  for (let p = 0; p < width; p++) {
    let total = 0;
    for (let q = 0; q < width; q++) total += matrix[p * width + q]! * row[q]!;
    product[p] = total;
  }
  return product;
}

function inner(a: Float64Array, b: Float64Array): number {
  let total = 0;
  for (let i = 0; i < a.length; i++) total += a[i]! * b[i]!;
  return total;
}

/** By how much measuring `row` lowers the summed variance: ‖X V x‖² / (xᵀVx + σ²) = (Vx)ᵀ XᵀX (Vx) / (…). */
function varianceGain(covariance: Float64Array, gram: Float64Array, row: Float64Array): number {
  const b = times(covariance, row);
  return inner(b, times(gram, b)) / (inner(b, row) + assumedNoise ** 2);
}

/** V ← V − V x xᵀ V / (xᵀVx + σ²). */
function condition(covariance: Float64Array, width: number, row: Float64Array): void {
  const b = times(covariance, row);
  const scale = 1 / (inner(b, row) + assumedNoise ** 2);
  for (let p = 0; p < width; p++) {
    for (let q = 0; q < width; q++) covariance[p * width + q]! -= scale * b[p]! * b[q]!;
  }
}

/** tr(V XᵀX) / n. */
function meanVariance(covariance: Float64Array, gram: Float64Array, count: number): number {
  return Math.max(inner(covariance, gram) / count, 0);
}

/**
 * Median absolute relative error to expect where ln latency is normal with this posterior variance and the noise has
 * this standard deviation (both of ln latency): .6745 √(variance + noise²), .6745 being the median of |N(0, 1)|.
 */
export function expectedErrorOf(variance: number, noise: number): number {
  return medianOfAbsoluteNormal * Math.sqrt(variance + noise ** 2);
}
