// A prior of w whose mean is not 0 (operators/counter-prior.ts), or whose deviation is not 1 (hypotheses.ts):
// w = mean + reach · v, v ~ N(0, I). Posterior and evidence are those of v after repricing, and exact. Where prices are
// linear, with g = 1 + φ·mean,
//   scale · m · (1 + φ·w) = scale · m g · (1 + reach · φ/g · v)
// and where they are positive, sums at v are those at mean + reach · v.
import type { RepricedSums } from '#core/predictor/kernels/repriced-sums.ts';
import type { HeadRows } from './adaptation.ts';

/** Prices do not fall further than to this share by the prior alone. */
const leastFactor = 0.05;

/** ln m and φ for v, where prices are linear. */
export function repricedRows({ lnMean, phi }: HeadRows, mean: Float64Array): HeadRows {
  const P = mean.length;
  const factor = lnMean.map((_, i) => {
    let sum = 1;
    for (let p = 0; p < P; p++) sum += phi[i * P + p]! * mean[p]!;
    return Math.max(sum, leastFactor);
  });
  return {
    lnMean: lnMean.map((ln, i) => ln + Math.log(factor[i]!)),
    phi: phi.map((value, at) => value / factor[Math.floor(at / P)]!),
  };
}

/** ln m and φ of positive prices at w = mean, and so for v near 0. */
export const tangentAt = (sums: RepricedSums, mean: Float64Array): HeadRows => ({
  lnMean: sums.lnMean(mean),
  phi: sums.phi(mean),
});

/** φ for v, once it is around the mean. */
export const reached = (rows: HeadRows, reach: number): HeadRows =>
  reach === 1 ? rows : { ...rows, phi: rows.phi.map((value) => reach * value) };

/** Sums that take v, which may be followed by other weights. */
export function sumsAround(sums: RepricedSums, mean: Float64Array | undefined, reach: number): RepricedSums {
  if (mean === undefined && reach === 1) return sums;
  let last: { readonly v: Float64Array; readonly weights: Float64Array } | undefined;
  const weightsAt = (v: Float64Array): Float64Array => {
    // The same object for the same v: prices are worked out once for both sums.
    if (last?.v !== v) last = { v, weights: v.map((value, p) => reach * value + (mean?.[p] ?? 0)) };
    return last.weights;
  };
  return {
    lnMean: (v) => sums.lnMean(weightsAt(v)),
    phi: (v) => sums.phi(weightsAt(v)).map((value) => reach * value),
  };
}
