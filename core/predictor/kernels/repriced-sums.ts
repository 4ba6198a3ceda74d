// Sums over the kernels of networks when a target's prices are positive whatever its weights are: with s = ψ(x)·w every
// kernel x costs μ(x)·p(s), p(s) = (s/2 + √(1 + s²/4))². To second order that is exp(s); dearer than usual it grows as
// s², cheaper it falls as 1/s², so that no kernel that was never measured runs away with a network.
import type { Kernel } from '#core/graph/kernel.ts';
import { featureDimension } from '#core/predictor/hypotheses.ts';
import type { CountRow } from './kernel-table.ts';
import type { KernelPrices } from './price-book.ts';

/** What the sums of one network are of. */
export interface NetworkLaunches {
  readonly prices: KernelPrices;
  /** Which kernels the prices are of, the run's constant first; left out: not known. */
  readonly kernels?: readonly Kernel[];
  /** One a lowering of the predictor, in its order; indices into the prices. */
  readonly rows: readonly CountRow[];
}

/** Sums of n networks whose prices depend on weights w [P]. */
export interface RepricedSums {
  /** ln m [n], m = Σ c(x) μ(x) p(ψ(x)·w). */
  lnMean(weights: Float64Array): Float64Array;
  /** φ [n × P], φ = Σ c(x) μ(x) p(ψ(x)·w) ψ(x) / √(1 + (ψ(x)·w)²/4) / m: the gradient of ln m. */
  phi(weights: Float64Array): Float64Array;
}

/** p(s) = (s/2 + √(1 + s²/4))², without cancellation where s is far below 0. */
export function positivePrice(s: number): number {
  const root = Math.abs(s) / 2 + Math.sqrt(1 + (s * s) / 4);
  return s < 0 ? 1 / root ** 2 : root ** 2;
}

/** p′(s) / p(s). */
const positiveSlope = (s: number): number => 1 / Math.sqrt(1 + (s * s) / 4);

const kept = new WeakMap<readonly NetworkLaunches[], Map<string, RepricedSums>>();

/** How prices that are not linear depend on s = ψ·w. Exponential ones, exp(s) within bounds, are read in adaptations of
 * before, and not made any more. */
export type PriceForm = 'positive' | 'exponential';

const farthestExponent = 8;

/** A kernel's price in units of its price at w = 0. */
export const priceAt = (form: PriceForm, s: number): number =>
  form === 'positive' ? positivePrice(s) : Math.exp(Math.min(Math.max(s, -farthestExponent), farthestExponent));

/** By how much ln of that price changes with s. */
export const slopeAt = (form: PriceForm, s: number): number => (form === 'positive' ? positiveSlope(s) : 1);

/** The same object for the same launches: what takes long is to see which kernels they are.
 * @param net whose prices
 * @param lowering its place among the predictor's */
export function repricedSums(
  launches: readonly NetworkLaunches[],
  net: number,
  lowering: number,
  form: PriceForm = 'positive',
): RepricedSums {
  const known = kept.get(launches) ?? new Map<string, RepricedSums>();
  kept.set(launches, known);
  const key = `${net} ${lowering} ${form}`;
  const sums = known.get(key) ?? sumsOf(launches, net, lowering, form);
  known.set(key, sums);
  return sums;
}

function sumsOf(launches: readonly NetworkLaunches[], net: number, lowering: number, form: PriceForm): RepricedSums {
  const P = launches.length === 0 ? featureDimension : featuresOf(launches[0]!.prices, net);
  const { places, rows } = packed(launches, lowering);
  const used = usedFeatures(places, net, P);
  const width = used.length;
  const mean = Float64Array.from(places, ({ prices, kernel }) => prices.mean[net]![kernel]!);
  const psi = new Float64Array(places.length * width);
  places.forEach(({ prices, kernel }, x) => {
    for (let c = 0; c < width; c++) psi[x * width + c] = prices.psi[net]![kernel * P + used[c]!]!;
  });
  const prices = new Float64Array(places.length);
  const slopes = new Float64Array(places.length);
  let pricedAt: Float64Array | undefined;
  const reprice = (weights: Float64Array): void => {
    if (pricedAt === weights) return;
    pricedAt = weights;
    const own = Float64Array.from(used, (p) => weights[p]!);
    for (let x = 0, at = 0; x < prices.length; x++) {
      let product = 0;
      for (let c = 0; c < width; c++, at++) product += psi[at]! * own[c]!;
      prices[x] = mean[x]! * priceAt(form, product);
      slopes[x] = slopeAt(form, product);
    }
  };
  return {
    lnMean(weights) {
      reprice(weights);
      const lnMean = new Float64Array(rows.length);
      for (let i = 0; i < rows.length; i++) {
        const { kernels, counts } = rows[i]!;
        let m = 0;
        for (let j = 0; j < kernels.length; j++) m += counts[j]! * prices[kernels[j]!]!;
        lnMean[i] = Math.log(m);
      }
      return lnMean;
    },
    phi(weights) {
      reprice(weights);
      const phi = new Float64Array(rows.length * P);
      const sums = new Float64Array(width);
      for (let i = 0; i < rows.length; i++) {
        const { kernels, counts } = rows[i]!;
        let m = 0;
        sums.fill(0);
        for (let j = 0; j < kernels.length; j++) {
          const kernel = kernels[j]!;
          const share = counts[j]! * prices[kernel]!;
          m += share;
          const answer = share * slopes[kernel]!;
          for (let c = 0, at = kernel * width; c < width; c++, at++) sums[c]! += answer * psi[at]!;
        }
        for (let c = 0; c < width; c++) phi[i * P + used[c]!] = sums[c]! / m;
      }
      return phi;
    },
  };
}

interface Place {
  readonly prices: KernelPrices;
  readonly kernel: number;
}

const featuresOf = ({ mean, psi }: KernelPrices, net: number): number => psi[net]!.length / mean[net]!.length;

/** The kernels that the networks launch, each once, and the networks' rows as indices into these. */
function packed(launches: readonly NetworkLaunches[], lowering: number) {
  const places: Place[] = [];
  const numbers = new Map<KernelPrices, Map<number, number>>();
  const rows = launches.map(({ prices, rows: own }) => {
    const known = numbers.get(prices) ?? new Map<number, number>();
    numbers.set(prices, known);
    const { kernels, counts } = own[lowering]!;
    return {
      counts,
      kernels: kernels.map((kernel) => {
        const number = known.get(kernel) ?? places.length;
        if (number === places.length) {
          places.push({ prices, kernel });
          known.set(kernel, number);
        }
        return number;
      }),
    };
  });
  return { places, rows };
}

/** Features that some kernel has. */
function usedFeatures(places: readonly Place[], net: number, P: number): number[] {
  return Array.from({ length: P }, (_, p) => p).filter((p) =>
    places.some(({ prices, kernel }) => prices.psi[net]![kernel * P + p] !== 0),
  );
}
