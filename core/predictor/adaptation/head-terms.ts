// What kernels add to a head's posterior of a network's latency, so that a network is a short sum. With θ = (1, w) and
// covariance F Fᵀ of its measured coordinates, a part of a network with counts c adds
//   m = Σ c μ,   p = Σ c μ (1 + ψ·w),   z = Σ c μ (Fᵀ (1, ψ measured), √prior ψ others)
// and a network has mean p and variance |z|², in units of the head's scale. Where prices are positive it is
// μ p(ψ·w) in place of μ, its slope ψ / √(1 + (ψ·w)²/4) in place of ψ, and p = m. No square of P remains in a network's
// sum.
import { featureDimension as P } from '#core/predictor/hypotheses.ts';
import type { CountRow } from '#core/predictor/kernels/kernel-table.ts';
import type { KernelPrices } from '#core/predictor/kernels/price-book.ts';
import { priceAt, slopeAt } from '#core/predictor/kernels/repriced-sums.ts';
import type { AdaptedHead } from './adaptation.ts';

/** Numbers of a part's terms: m, p and the P + 1 coordinates of z. */
export const termCount = P + 3;

/** Writes a part's terms under a head, [termCount]: they are added up over the parts of a network. */
export type HeadTerms = (part: CountRow, prices: KernelPrices) => Float64Array;

/** Terms under one head of an adaptation; the prices are of the table that the parts' kernels are of. */
export function headTerms(head: AdaptedHead): HeadTerms {
  const { net, form, coordinates, weights, factor, priorVariance, priorMean } = head;
  const measured = new Set(coordinates);
  const others = Array.from({ length: P }, (_, p) => p).filter((p) => !measured.has(p));
  const priorDeviation = Math.sqrt(priorVariance);
  const r = coordinates.length;
  const lower = Float64Array.from(factor);
  const sums = new Float64Array(P);
  return ({ kernels, counts }, prices) => {
    const mean = prices.mean[net]!;
    const psi = prices.psi[net]!;
    const terms = new Float64Array(termCount);
    sums.fill(0);
    let m = 0;
    for (let j = 0; j < kernels.length; j++) {
      const kernel = kernels[j]!;
      const s = form === 'linear' ? 0 : weightedFeatures(head, psi, kernel);
      const share = counts[j]! * mean[kernel]! * (form === 'linear' ? 1 : priceAt(form, s));
      const answer = form === 'linear' ? share : share * slopeAt(form, s);
      m += share;
      for (let p = 0, at = kernel * P; p < P; p++, at++) sums[p]! += answer * psi[at]!;
    }
    // What the prior of unmeasured coordinates adds moves with θ₀.
    let base = m;
    if (form === 'linear' && priorMean) for (const p of others) base += sums[p]! * priorMean[p]!;
    let price = base;
    for (let c = 0; form === 'linear' && c < r; c++) price += sums[coordinates[c]!]! * weights[c]!;
    terms[0] = m;
    terms[1] = price;
    for (let row = 0, f = 0; row <= r; row++) {
      const value = row === 0 ? base : sums[coordinates[row - 1]!]!;
      for (let column = 0; column <= row; column++, f++) terms[2 + column]! += lower[f]! * value;
    }
    for (const [i, p] of others.entries()) terms[3 + r + i] = priorDeviation * sums[p]!;
    return terms;
  };
}

/** ψ·w of a kernel. */
function weightedFeatures({ coordinates, weights, priorMean }: AdaptedHead, psi: Float32Array, kernel: number): number {
  let product = 0;
  for (let p = 0; priorMean && p < P; p++) product += psi[kernel * P + p]! * priorMean[p]!;
  for (let c = 0; c < coordinates.length; c++) product += psi[kernel * P + coordinates[c]!]! * weights[c]!;
  return product;
}
