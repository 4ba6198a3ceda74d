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
  const mean = Float64Array.from(places, ({ prices, kernel }) => prices.mean[net]![kernel]!);
  const { first, feature, psi } = sparsePsi(places, net, P);
  const prices = new Float64Array(places.length);
  const slopes = new Float64Array(places.length);
  let pricedAt: Float64Array | undefined;
  const reprice = (weights: Float64Array): void => {
    if (pricedAt === weights) return;
    pricedAt = weights;
    for (let x = 0; x < prices.length; x++) {
      let product = 0;
      for (let at = first[x]!; at < first[x + 1]!; at++) product += psi[at]! * weights[feature[at]!]!;
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
      for (let i = 0; i < rows.length; i++) {
        const { kernels, counts } = rows[i]!;
        const sums = phi.subarray(i * P, (i + 1) * P);
        let m = 0;
        for (let j = 0; j < kernels.length; j++) {
          const kernel = kernels[j]!;
          const share = counts[j]! * prices[kernel]!;
          m += share;
          const answer = share * slopes[kernel]!;
          for (let at = first[kernel]!; at < first[kernel + 1]!; at++) sums[feature[at]!]! += answer * psi[at]!;
        }
        for (let p = 0; p < P; p++) sums[p]! /= m;
      }
      return phi;
    },
  };
}

/** ψ of the places but for what is 0, as most of it is: a kernel is in few classes. Place x has the entries from
 * first[x] to first[x + 1]. */
function sparsePsi(places: readonly Place[], net: number, P: number) {
  const rows = places.map(({ prices, kernel }) => sparseRow(prices.psi[net]!, kernel, P));
  const first = new Int32Array(places.length + 1);
  rows.forEach((row, x) => {
    first[x + 1] = first[x]! + row.feature.length;
  });
  const feature = new Int32Array(first[places.length]!);
  const psi = new Float64Array(feature.length);
  rows.forEach((row, x) => {
    feature.set(row.feature, first[x]!);
    psi.set(row.psi, first[x]!);
  });
  return { first, feature, psi };
}

interface SparseRow {
  readonly feature: Int32Array;
  readonly psi: Float64Array;
}

/** By the array that a kernel's ψ stands in, where it never changes. */
const keptRows = new WeakMap<Float32Array, Map<number, SparseRow>>();

function sparseRow(all: Float32Array, kernel: number, P: number): SparseRow {
  const rows = keptRows.get(all) ?? new Map<number, SparseRow>();
  keptRows.set(all, rows);
  const own = all.subarray(kernel * P, (kernel + 1) * P);
  const row = rows.get(kernel) ?? rowWithoutZeros(own);
  rows.set(kernel, row);
  return row;
}

function rowWithoutZeros(own: Float32Array): SparseRow {
  const feature = Int32Array.from([...own.keys()].filter((p) => own[p] !== 0));
  return { feature, psi: Float64Array.from(feature, (p) => own[p]!) };
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
