// How sure each part of a breakdown is, and how the parts make up the interval of the whole. A part is some launches: a
// kind of kernel, or one place. In units of the latency, under head h of the breakdown's lowering, with weights ω_h of
// these heads that sum to 1, a_jh is what part j takes, z_jh its response to the head's posterior deviations
// (head-terms.ts), and σ_h² the variance of the head's noise, taken as independent errors of kernels:
//   cov(j, total) = Σ_h ω_h (z_jh·z_h + (a_jh − ā_j)(Σ_i a_ih − 1) + σ_h² Σ_{x in j} a_xjh a_xh / Σ_x a_xh²)
//   var(j)        = Σ_h ω_h (z_jh·z_jh + (a_jh − ā_j)² + σ_h² Σ_{x in j} a_xjh² / Σ_x a_xh²)
// with kernel x in all of the network a_xh and in part j a_xjh. Covariances with the total sum to its variance: each
// one's share is signed, below 0 where a part errs against the others. What else the interval has (other lowerings, the
// target's calibration) is divided in the same proportions.
import { dot } from '#core/matrix/small-matrix.ts';
import type { Adaptation } from '#core/predictor/adaptation/adaptation.ts';
import { headTerms } from '#core/predictor/adaptation/head-terms.ts';
import { type Breakdown, relativePrice } from './breakdown.ts';
import type { PricedNetwork } from './launched-network.ts';

export interface PartUncertainty {
  /** The part's share of the variance of ln latency, signed; those of all parts sum to 1. */
  readonly varianceShare: number;
  /** Half of the part's own interval in ln ms, at the confidence of the whole's. */
  readonly lnHalfWidth: number;
}

/** @param partOf which part each launch of the breakdown's lowering is of, from 0 [launches]
 * @param lnHalfWidth half of the interval of the whole, in ln ms */
export function partUncertainties(
  adaptation: Adaptation,
  network: PricedNetwork,
  { lowering }: Pick<Breakdown, 'lowering'>,
  partOf: readonly number[],
  lnHalfWidth: number,
): PartUncertainty[] {
  const parts = Math.max(...partOf) + 1;
  const heads = headParts(adaptation, network, lowering, partOf, parts);
  const mean = meanShare(heads, parts);
  const covariance = new Float64Array(parts);
  const variance = new Float64Array(parts);
  for (const { weight, size, share, response, total, misfit, ownMisfit } of heads) {
    for (let j = 0; j < parts; j++) {
      const off = share[j]! - mean[j]!;
      covariance[j]! += weight * (dot(response[j]!, total) + off * (size - 1) + misfit[j]!);
      variance[j]! += weight * (dot(response[j]!, response[j]!) + off * off + ownMisfit[j]!);
    }
  }
  const whole = covariance.reduce((sum, own) => sum + own, 0);
  return Array.from(covariance, (own, j) => ({
    varianceShare: whole > 0 ? own / whole : mean[j]!,
    lnHalfWidth: whole > 0 ? (lnHalfWidth * Math.sqrt(variance[j]! / whole)) / mean[j]! : lnHalfWidth,
  }));
}

interface HeadParts {
  readonly weight: number;
  /** The head's latency in units of the heads' mean. */
  readonly size: number;
  /** a [parts]. */
  readonly share: Float64Array;
  /** z [parts][coordinates], and their sum. */
  readonly response: readonly Float64Array[];
  readonly total: Float64Array;
  /** What the noise adds to cov(j, total) and to var(j) [parts]. */
  readonly misfit: Float64Array;
  readonly ownMisfit: Float64Array;
}

function headParts(
  { heads }: Adaptation,
  network: PricedNetwork,
  lowering: Breakdown['lowering'],
  partOf: readonly number[],
  parts: number,
): HeadParts[] {
  const launches = network.launches.get(lowering)!;
  const { prices } = network.forward.launches![0]!;
  const own = heads.filter((head) => head.lowering === lowering);
  const weight = own.reduce((sum, head) => sum + head.weight, 0);
  const absolute = own.map((head) => {
    const scale = Math.exp(head.lnScale);
    const termsOf = headTerms(head);
    const counts = launchCounts(launches, partOf);
    const kernels = [...counts].map(([kernel, byPart]) => ({
      byPart,
      price: scale * relativePrice(head, network, kernel),
      z: termsOf({ kernels: Int32Array.of(kernel), counts: Float64Array.of(1) }, prices)
        .subarray(2)
        .map((value) => scale * value),
    }));
    const ms = kernels.reduce((sum, { price, byPart }) => sum + price * sumOf(byPart.values()), 0);
    return { head, kernels, ms };
  });
  const meanMs = absolute.reduce((sum, { head, ms }) => sum + (head.weight / weight) * ms, 0);
  return absolute.map(({ head, kernels, ms }): HeadParts => {
    const share = new Float64Array(parts);
    const response = Array.from({ length: parts }, () => new Float64Array(kernels[0]!.z.length));
    const misfit = new Float64Array(parts);
    const ownMisfit = new Float64Array(parts);
    const squares = kernels.reduce((sum, { price, byPart }) => sum + (price * sumOf(byPart.values())) ** 2, 0);
    const noise = (head.noiseVariance * (ms / meanMs) ** 2) / squares;
    for (const { price, byPart, z } of kernels) {
      const all = price * sumOf(byPart.values());
      for (const [part, count] of byPart) {
        share[part]! += (count * price) / meanMs;
        misfit[part]! += noise * count * price * all;
        ownMisfit[part]! += noise * (count * price) ** 2;
        for (let c = 0; c < z.length; c++) response[part]![c]! += (count * z[c]!) / meanMs;
      }
    }
    const total = new Float64Array(kernels[0]!.z.length);
    for (const z of response) for (let c = 0; c < z.length; c++) total[c]! += z[c]!;
    return { weight: head.weight / weight, size: ms / meanMs, share, response, total, misfit, ownMisfit };
  });
}

/** How often each part launches each kernel. */
function launchCounts(
  launches: readonly { readonly kernel: number }[],
  partOf: readonly number[],
): Map<number, Map<number, number>> {
  const counts = new Map<number, Map<number, number>>();
  launches.forEach(({ kernel }, i) => {
    const byPart = counts.get(kernel) ?? new Map<number, number>();
    counts.set(kernel, byPart);
    byPart.set(partOf[i]!, (byPart.get(partOf[i]!) ?? 0) + 1);
  });
  return counts;
}

function meanShare(heads: readonly HeadParts[], parts: number): Float64Array {
  const mean = new Float64Array(parts);
  for (const { weight, share } of heads) for (let j = 0; j < parts; j++) mean[j]! += weight * share[j]!;
  return mean;
}

function sumOf(values: Iterable<number>): number {
  let sum = 0;
  for (const value of values) sum += value;
  return sum;
}
