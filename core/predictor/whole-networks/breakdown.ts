// Where a prediction's milliseconds go. Every head prices each launch (adaptation.ts: scale · μ(x) · (1 + ψ(x)·w), or
// with p(ψ(x)·w)); told are the launches under the lowering that explains the target's measurements best, in the
// proportions of its heads' prices, and of the size that sums to the latency that all heads together predict.
import type { LoweringId } from '#core/graph/lowerings.ts';
import type { Adaptation, AdaptedHead } from '#core/predictor/adaptation/adaptation.ts';
import { featureDimension as P } from '#core/predictor/hypotheses.ts';
import { priceAt, slopeAt } from '#core/predictor/kernels/repriced-sums.ts';
import type { PricedNetwork } from './launched-network.ts';

export interface Breakdown {
  readonly lowering: LoweringId;
  /** One a launch under it, the run's constant first; in ms, none negative. They sum to the latency. */
  readonly launchMs: Float64Array;
}

/** @param latencyMs that the adaptation predicts of the network
 * @throws RangeError where the network was not lowered as the adaptation's runtime does */
export function breakDown(adaptation: Adaptation, network: PricedNetwork, latencyMs: number): Breakdown {
  const lowering = likeliestLowering(adaptation);
  const launches = network.launches.get(lowering);
  if (launches === undefined) throw new RangeError(`the network was not lowered as ${lowering}`);
  const heads = adaptation.heads.filter((head) => head.lowering === lowering);
  const total = heads.reduce((sum, { weight }) => sum + weight, 0);
  const launchMs = new Float64Array(launches.length);
  for (const head of heads) {
    const priceOf = network.kernels.map((_, kernel) => relativePrice(head, network, kernel));
    const whole = launches.reduce((sum, { kernel }) => sum + priceOf[kernel]!, 0);
    launches.forEach(({ kernel }, i) => {
      launchMs[i]! += (latencyMs * (head.weight / total) * priceOf[kernel]!) / whole;
    });
  }
  return { lowering, launchMs };
}

/** The lowering whose heads weigh most. */
export function likeliestLowering({ heads }: Adaptation): LoweringId {
  const weights = new Map<LoweringId, number>();
  for (const { lowering, weight } of heads) weights.set(lowering, (weights.get(lowering) ?? 0) + weight);
  return [...weights].reduce((best, own) => (own[1] > best[1] ? own : best))[0];
}

/** Least share of its expected price that a launch is held to cost. */
const leastRelativePrice = 0.01;

/** At w = 0, in units of the head's scale. */
export const meanPrice = ({ net }: Pick<AdaptedHead, 'net'>, { prices }: PricedNetwork, kernel: number): number =>
  Math.exp(prices.lnMean[net]![kernel]!);

/** ψ·w of the coordinates that were not measured. */
export function priorChange(
  { net, priorMean }: Pick<AdaptedHead, 'net' | 'priorMean'>,
  { prices }: PricedNetwork,
  kernel: number,
): number {
  let change = 0;
  for (let p = 0; priorMean && p < P; p++) change += prices.psi[net]![kernel * P + p]! * priorMean[p]!;
  return change;
}

type PricingHead = Pick<AdaptedHead, 'net' | 'form' | 'coordinates' | 'weights' | 'priorMean'>;

/** ψ·w. */
function changeOf(head: PricingHead, network: PricedNetwork, kernel: number): number {
  const psi = network.prices.psi[head.net]!;
  let change = priorChange(head, network, kernel);
  head.coordinates.forEach((p, c) => {
    change += psi[kernel * P + p]! * head.weights[c]!;
  });
  return change;
}

/** In units of the head's scale. */
export function relativePrice(head: PricingHead, network: PricedNetwork, kernel: number): number {
  const change = changeOf(head, network, kernel);
  const factor = head.form === 'linear' ? Math.max(1 + change, leastRelativePrice) : priceAt(head.form, change);
  return meanPrice(head, network, kernel) * factor;
}

/** What a price changes by with ψ·w, in units of the head's scale. */
export function priceAnswer(head: PricingHead, network: PricedNetwork, kernel: number): number {
  if (head.form === 'linear') return meanPrice(head, network, kernel);
  return relativePrice(head, network, kernel) * slopeAt(head.form, changeOf(head, network, kernel));
}

/** Lowerings that the adaptation's heads have, which is what a network must be lowered as. */
export const loweringsOf = (adaptations: readonly Adaptation[]): Set<LoweringId> =>
  new Set(adaptations.flatMap(({ heads }) => heads.map(({ lowering }) => lowering)));
