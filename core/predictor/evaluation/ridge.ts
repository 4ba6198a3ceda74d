// The baseline that someone would write in an afternoon: ridge regression of ln latency on a standardised one-hot of an
// architecture's choices (choice-columns.ts), from the k measurements alone. The penalty is chosen by leave-one-out
// error, the interval comes from its residuals.

import { cholesky, dot, invertLower, solveCholesky } from '#core/matrix/small-matrix.ts';
import type { PredictedRange } from './metrics.ts';

export interface Normalisation {
  readonly mean: readonly number[];
  readonly deviation: readonly number[];
}

/** Mean and standard deviation of each column of features [n × columns]; a column that never changes has deviation
 * 1. */
export function columnMoments(features: Float32Array, columns: number): Normalisation {
  const rows = features.length / columns;
  const mean = new Array<number>(columns).fill(0);
  const square = new Array<number>(columns).fill(0);
  features.forEach((value, i) => {
    mean[i % columns]! += value / rows;
  });
  features.forEach((value, i) => {
    square[i % columns]! += (value - mean[i % columns]!) ** 2 / rows;
  });
  return { mean, deviation: square.map((s) => (s < 1e-12 ? 1 : Math.sqrt(s))) };
}

const penalties = [0.1, 1, 10, 100, 1000];

/** Latencies of all architectures by ridge regression on `features` [n × d], of whatever kind; the baseline's are
 * choiceColumns, a one-hot of the choices. `support` and `latencyMs` are the measured rows. Kernel form: only k × k
 * systems are solved. With K = XXᵀ + λI the leave-one-out residual of row i is (K⁻¹r)ᵢ / (K⁻¹)ᵢᵢ. */
export function ridgeRegression(
  features: Float32Array,
  normalisation: Normalisation,
  support: readonly number[],
  latencyMs: Float64Array,
): PredictedRange {
  const d = normalisation.mean.length;
  const row = (i: number): Float64Array =>
    Float64Array.from(
      { length: d },
      (_, j) => (features[i * d + j]! - normalisation.mean[j]!) / normalisation.deviation[j]!,
    );
  const k = support.length;
  const rows = support.map(row);
  const lnLatency = latencyMs.map(Math.log);
  const offset = lnLatency.reduce((a, b) => a + b, 0) / k;
  const centred = lnLatency.map((value) => value - offset);
  const fits = penalties.map((penalty) => {
    const kernel = new Float64Array(k * k);
    for (let i = 0; i < k; i++) {
      for (let j = 0; j < k; j++) kernel[i * k + j] = dot(rows[i]!, rows[j]!) + (i === j ? penalty : 0);
    }
    const lower = cholesky(kernel, k);
    const dual = solveCholesky(lower, k, centred);
    const factor = invertLower(lower, k);
    const residual = dual.map((value, i) => {
      let diagonal = 0;
      for (let j = i; j < k; j++) diagonal += factor[j * k + i]! ** 2;
      return value / diagonal;
    });
    return { dual, error: Math.sqrt(dot(residual, residual) / k) };
  });
  const best = fits.reduce((a, b) => (b.error < a.error ? b : a));
  const slope = new Float64Array(d);
  rows.forEach((x, i) => {
    for (let j = 0; j < d; j++) slope[j]! += best.dual[i]! * x[j]!;
  });
  const count = features.length / d;
  const lnPredicted = Float64Array.from({ length: count }, (_, i) => offset + dot(slope, row(i)));
  const half = 1.645 * best.error;
  return {
    latencyMs: lnPredicted.map(Math.exp),
    lowMs: lnPredicted.map((value) => Math.exp(value - half)),
    highMs: lnPredicted.map((value) => Math.exp(value + half)),
  };
}
