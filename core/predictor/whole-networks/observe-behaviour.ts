// What an adaptation says of a target's prices by kind of kernel. The yardstick is the standard networks, each weighed
// by 1 / its typical latency, so that all count the same. With typical prices μ₀ (of the price network that learns from
// real targets, at w = 0), and prices p of the target,
//   share(K) = Σ_K p / Σ p,   typicalShare(K) = Σ_K μ₀ / Σ μ₀,   factor(K) = (Σ_K p / Σ_K μ₀) / (Σ_R p / Σ_R μ₀)
// over the kernels of kind K, all kernels, and those R that are of classes the target has measured (all where there are
// none), under the lowering that is likeliest. Scale cancels. ln factor is normal with the mean and variance of the
// lowering's heads together.
import type { LoweringId } from '#core/graph/lowerings.ts';
import type { Adaptation, AdaptedHead } from '#core/predictor/adaptation/adaptation.ts';
import { lnMoments } from '#core/predictor/adaptation/posterior-predictive.ts';
import { featureDimension as P } from '#core/predictor/hypotheses.ts';
import { repricedSums } from '#core/predictor/kernels/repriced-sums.ts';
import type { Centre, PredictorParameters } from '#core/predictor/predictor-parameters.ts';
import type { Predictor } from '#core/predictor/types.ts';
import { standardGraphs } from '#core/standard-networks/standard-networks.ts';
import { normalQuantile } from '#core/statistics/normal.ts';
import { significant } from '#core/text/significant.ts';
import type { Behaviour } from './behaviour.ts';
import { likeliestLowering, priceAnswer, priorChange, relativePrice } from './breakdown.ts';
import { type CostKind, kindOf } from './costs.ts';
import { measuredKinds } from './familiarity.ts';
import { type PricedNetwork, priceNetworkOf } from './launched-network.ts';

/** A network that is part of the yardstick. */
export interface NamedNetwork {
  readonly name: string;
  /** Hash of its graph. */
  readonly id: string;
  readonly network: PricedNetwork;
}

const told = (value: number): number => significant(value, 4);
const suggested = 3;
/** Standard networks of which ln latency is less sure say nothing of what a target is like; and so do too few. */
const surelyKnown = 0.3;
const fewestCompared = 5;
const z90 = normalQuantile(0.95);
/** Upper end of a 90 % interval, as a factor; beyond a thousand, numbers mean nothing. */
const endOf = (deviation: number): number => Math.min(Math.exp(z90 * deviation), 1000);

/** @param measured hashes of the graphs that the target has measured
 * @param own the target's id, which it is not compared with */
export async function observeBehaviour(
  predictor: Predictor,
  adaptation: Adaptation,
  measured: ReadonlySet<string>,
  own?: string,
): Promise<Behaviour> {
  const networks = await standardNetworksUnder(predictor);
  return behaviourOn(networks, predictor.parameters, adaptation, { measured, own });
}

const priced = new WeakMap<Predictor, Promise<NamedNetwork[]>>();

/** Lowered as every kind of runtime that the predictor tells apart, and priced, once for a predictor: adaptations
 * differ in which of them they want. */
function standardNetworksUnder(predictor: Predictor): Promise<NamedNetwork[]> {
  const lowerings = new Set(predictor.parameters.lowerings);
  const networks =
    priced.get(predictor) ??
    Promise.all(
      standardGraphs().map(async ({ name, id, graph }) => ({
        name,
        id,
        network: await priceNetworkOf(predictor, graph, lowerings),
      })),
    );
  priced.set(predictor, networks);
  return networks;
}

/** The behaviour on any networks that were lowered as the adaptation's heads, and those of the centres, want it. */
export function behaviourOn(
  networks: readonly NamedNetwork[],
  { lowerings, centres = [] }: Pick<PredictorParameters, 'lowerings' | 'centres'>,
  adaptation: Adaptation,
  { measured, own }: { readonly measured: ReadonlySet<string>; readonly own?: string | undefined },
): Behaviour {
  const { heads } = adaptation;
  const lowering = likeliestLowering(adaptation);
  const sumOver = (own: readonly AdaptedHead[]): number => own.reduce((sum, { weight }) => sum + weight, 0);
  const predicted = networks.map(({ network }) => lnMoments(adaptation, lowerings, network.forward));
  const open = networks.flatMap(({ id, name }, i) =>
    measured.has(id) ? [] : [{ network: name, factor: told(endOf(predicted[i]!.deviation[0]!)) }],
  );
  const sure = [...networks.keys()].filter((i) => predicted[i]!.deviation[0]! < surelyKnown);
  const known = sure.length < fewestCompared ? [] : centres.filter(({ target }) => target !== own);
  const like = known.map((centre) => ({
    target: centre.target,
    apart: apart(sure.map((i) => predicted[i]!.mean[0]! - lnMeanAt(centre, networks[i]!.network, lowerings))),
  }));
  return {
    lowering,
    loweringProbability: probability(sumOver(heads.filter((head) => head.lowering === lowering))),
    unlikeKnownProbability: probability(sumOver(heads.filter(({ net }) => net === 1))),
    ...(like.length > 0 && { like: like.sort((a, b) => a.apart - b.apart).slice(0, suggested) }),
    prices: pricesByKind(networks, adaptation),
    measureNext: open.sort((a, b) => b.factor - a.factor).slice(0, suggested),
  };
}

/** ln latency of a network on a known target, but for its scale. */
function lnMeanAt({ head, weights }: Centre, { forward }: PricedNetwork, lowerings: readonly LoweringId[]): number {
  const net = Math.floor(head / lowerings.length);
  return repricedSums(forward.launches!, net, head % lowerings.length).lnMean(Float64Array.from(weights))[0]!;
}

/** Standard deviation of differences of ln latency, to a hundredth of a percent. */
function apart(differences: readonly number[]): number {
  const mean = differences.reduce((sum, x) => sum + x, 0) / differences.length;
  return Number(Math.sqrt(differences.reduce((sum, x) => sum + (x - mean) ** 2, 0) / differences.length).toFixed(4));
}

const probability = (sum: number): number => Math.min(told(sum), 1);

function pricesByKind(networks: readonly NamedNetwork[], adaptation: Adaptation): Behaviour['prices'] {
  const lowering = likeliestLowering(adaptation);
  const heads = adaptation.heads.filter((head) => head.lowering === lowering);
  const total = heads.reduce((sum, { weight }) => sum + weight, 0);
  const sumsUnder = (head: PricingHead): KindSums => sumsByKind(networks, lowering, head, measuredKinds(adaptation));
  const typical = sumsUnder(typicalHead);
  const typicalTotal = totalOf(typical.byKind);
  const moments = new Map([...typical.byKind.keys()].map((kind) => [kind, { mean: 0, square: 0, share: 0 }]));
  for (const head of heads) {
    const own = sumsUnder(head);
    const share = head.weight / total;
    const whole = totalOf(own.byKind);
    for (const [kind, sums] of moments) {
      const part = own.byKind.get(kind)!;
      const { ln, variance } = lnRatio(head, part, own.reference);
      const typically = Math.log(typical.byKind.get(kind)!.price / typical.reference.price);
      sums.mean += share * (ln - typically);
      sums.square += share * ((ln - typically) ** 2 + variance);
      sums.share += (share * part.price) / whole;
    }
  }
  return [...moments]
    .map(([kind, { mean, square, share }]) => {
      const factor = Math.exp(mean);
      const spread = endOf(adaptation.intervalScale * Math.sqrt(Math.max(square - mean * mean, 0)));
      return {
        kind,
        share: told(share),
        typicalShare: told(typical.byKind.get(kind)!.price / typicalTotal),
        factor: told(factor),
        low: told(factor / spread),
        high: told(factor * spread),
      };
    })
    .sort((a, b) => b.share - a.share);
}

const totalOf = (byKind: KindSums['byKind']): number => byKind.values().reduce((sum, { price }) => sum + price, 0);

/** Σ price, and what it changes by with θ₀ and w: Σ μ and Σ μψ where prices are linear, Σ price and
 * Σ price · ψ / √(1 + (ψ·w)²/4) where they are positive. */
interface PriceSum {
  price: number;
  slope: number;
  /** [P]. */
  readonly gradient: Float64Array;
}

/** In units of the head's scale. */
interface KindSums {
  readonly byKind: ReadonlyMap<CostKind, PriceSum>;
  /** What factors are relative to. */
  readonly reference: PriceSum;
}

type PricingHead = Pick<AdaptedHead, 'net' | 'form' | 'coordinates' | 'weights' | 'priorMean'>;

/** Prices as the predictor has them of no target in particular. */
const typicalHead: PricingHead = { net: 0, form: 'linear', coordinates: [], weights: [] };

function sumsByKind(
  networks: readonly NamedNetwork[],
  lowering: LoweringId,
  head: PricingHead,
  { unmeasuredClass }: ReturnType<typeof measuredKinds>,
): KindSums {
  const none = (): PriceSum => ({ price: 0, slope: 0, gradient: new Float64Array(P) });
  const byKind = new Map<CostKind, PriceSum>();
  const [everything, measured] = [none(), none()];
  for (const { network } of networks) {
    const { kernels } = network;
    const launches = network.launches.get(lowering)!;
    const pricesOf = (own: PricingHead): number[] => kernels.map((_, i) => relativePrice(own, network, i));
    const typical = pricesOf(typicalHead);
    const whole = launches.reduce((sum, { kernel }) => sum + typical[kernel]!, 0);
    const prices = pricesOf(head);
    const isLinear = head.form === 'linear';
    const answers = kernels.map((_, i) => priceAnswer(head, network, i));
    for (const { kernel } of launches) {
      const kind = kindOf(network, kernel);
      const own = byKind.get(kind) ?? none();
      byKind.set(kind, own);
      const isMeasured = kind !== 'run' && unmeasuredClass(kernels[kernel]!) === undefined;
      const psi = network.prices.psi[head.net]!.subarray(kernel * P, (kernel + 1) * P);
      for (const sum of isMeasured ? [own, everything, measured] : [own, everything]) {
        const price = prices[kernel]! / whole;
        const answer = answers[kernel]! / whole;
        sum.price += price;
        sum.slope += isLinear ? answer * (1 + priorChange(head, network, kernel)) : price;
        for (let p = 0; p < P; p++) sum.gradient[p]! += answer * psi[p]!;
      }
    }
  }
  return { byKind, reference: measured.price > 0 ? measured : everything };
}

/** ln of a part over the whole, and its variance: that of its gradient in θ = (θ₀, w), of which w has the
 * posterior's covariance in the measured coordinates and the prior's in the others. */
function lnRatio(
  head: AdaptedHead,
  part: PriceSum,
  whole: PriceSum,
): { readonly ln: number; readonly variance: number } {
  const slopeOf = (p: number): number => part.gradient[p]! / part.price - whole.gradient[p]! / whole.price;
  const gradient = [part.slope / part.price - whole.slope / whole.price, ...head.coordinates.map(slopeOf)];
  const product = new Float64Array(gradient.length);
  for (let row = 0, f = 0; row < gradient.length; row++) {
    for (let column = 0; column <= row; column++, f++) product[column]! += head.factor[f]! * gradient[row]!;
  }
  const measured = new Set(head.coordinates);
  let variance = product.reduce((sum, x) => sum + x * x, 0);
  for (let p = 0; p < P; p++) if (!measured.has(p)) variance += head.priorVariance * slopeOf(p) ** 2;
  return { ln: Math.log(part.price / whole.price), variance };
}
