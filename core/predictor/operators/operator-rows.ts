// Operators of a hardware-runtime descriptor as rows of an adaptation: each is a network of its own that was measured
// alone. It differs from the same in a network in two ways. Alone and warm it is quicker, by nearly the same factor for
// all operators of a target; and its call hands over all of its tensors, which in a network stay where they are:
//   ln latency = ln scale + ln (m(operator) + h) + δ + noise
//   h = μ(run) · bytes / 10⁵ · exp(1.5 v),  v ~ N(0, 1);   δ ~ N(mean, deviation²);   each one number a target
// v and δ are two more weights that only these rows have a feature for, so that posterior and evidence stay closed
// form. The noise is the operators' own and three times σ: a price network does not know an operator alone to a per
// cent, and where it explains a target badly, then operators, one kernel each, worse than networks, whose kernels'
// errors offset each other.

import { bytesOfElement, type OperatorGraph } from '#core/graph/operator-graph.ts';
import type { RepricedSums } from '#core/predictor/kernels/repriced-sums.ts';
import type { Forward, IdentifiedGraph, Predictor } from '#core/predictor/types.ts';

/** How an operator alone differs from the same in a network, in ln latency. */
export interface AloneModel {
  /** Its mean over targets. */
  readonly mean: number;
  readonly deviation: number;
  /** Standard deviation of an operator's own noise. */
  readonly noise: number;
}

/** From the targets of data/fleet: `sugarbush evaluate-descriptor` prints it, and what leaving runtimes out gives. */
export const learnedAlone: AloneModel = { mean: -0.174, deviation: 0.2, noise: 0.05 };

/** An operator and what it took alone. */
export interface OperatorAlone extends IdentifiedGraph {
  readonly latencyMs: number;
}

export interface OperatorRows {
  /** The operators under every head, each as a network of its own. */
  readonly forward: Forward;
  /** Alone on the target [forward.count]. */
  readonly latencyMs: Float64Array;
  /** Bytes of each operator's inputs and outputs [forward.count]. */
  readonly tensorBytes: Float64Array;
  /** Left out: what was learned. */
  readonly alone?: AloneModel;
}

/** Undefined for no operators. */
export async function operatorRows(
  predictor: Pick<Predictor, 'forward'>,
  operators: readonly OperatorAlone[],
): Promise<OperatorRows | undefined> {
  if (operators.length === 0) return undefined;
  return {
    forward: await predictor.forward([{ graphs: operators }]),
    latencyMs: Float64Array.from(operators, ({ latencyMs }) => latencyMs),
    tensorBytes: Float64Array.from(operators, ({ graph }) => handedBytes(graph)),
  };
}

function handedBytes({ inputs, outputs, tensors }: OperatorGraph): number {
  const handed = [...inputs, ...tensors.filter(({ name }) => outputs.includes(name))];
  return handed.reduce((sum, { type, shape }) => sum + shape.reduce((n, d) => n * d, bytesOfElement[type]), 0);
}

/** Bytes that are at first taken to cost as much as a run's constant, and how far targets differ from that: a
 * deviation of ln. Wide, for a descriptor tells. */
const bytesOfRun = 1e5;
const handedWidth = 1.5;

/** What handing over each operator's tensors costs at v = 0, in the prices of a net [operators].
 * @throws TypeError where it is not known what the operators launch */
function handedPrices({ forward: { launches }, tensorBytes }: OperatorRows, net: number): Float64Array {
  if (launches === undefined) throw new TypeError('operators need what they launch: the run is the first kernel');
  return tensorBytes.map((bytes, i) => (launches[i]!.prices.mean[net]![0]! * bytes) / bytesOfRun);
}

/** Two forward passes under the same heads as one. */
export function joinedForwards(first: Forward, second: Forward): Forward {
  const joined = (a: Float32Array, b: Float32Array): Float32Array => {
    const both = new Float32Array(a.length + b.length);
    both.set(a);
    both.set(b, a.length);
    return both;
  };
  return {
    count: first.count + second.count,
    lnMean: joined(first.lnMean, second.lnMean),
    phi: joined(first.phi, second.phi),
    ...(first.launches && second.launches && { launches: [...first.launches, ...second.launches] }),
  };
}

/** How many times σ the noise of an operator alone is, beside its own. */
const aloneFactor = 3;

interface Rows {
  /** ln m [n]. */
  readonly lnMean: Float64Array;
  /** φ [n × P]. */
  readonly phi: Float64Array;
  /** ln ms [n]. */
  readonly lnLatency: Float64Array;
  /** Variance of noise beside σ² [n]; left out: none. */
  readonly ownVariance?: Float64Array;
}

/** Rows of networks and, behind them, operators at w = 0: with the features of v and δ as the last two, φ
 * [n × (P + 2)], less the mean of δ, and with the operators' own noise.
 * @param net whose prices they are of */
export function rowsAlone(
  rows: Rows,
  operators: OperatorRows,
  net: number,
): Rows & { readonly ownVariance: Float64Array; readonly noiseFactor: Float64Array } {
  const { alone = learnedAlone, latencyMs } = operators;
  const first = rows.lnMean.length - latencyMs.length;
  return {
    ...withAlone(rows, handedPrices(operators, net), alone.deviation),
    lnLatency: rows.lnLatency.map((ln, i) => (i < first ? ln : ln - alone.mean)),
    noiseFactor: rows.lnMean.map((_, i) => (i < first ? 1 : aloneFactor)),
    ownVariance: rows.lnMean.map((_, i) => (i < first ? (rows.ownVariance?.[i] ?? 0) : alone.noise ** 2)),
  };
}

/** The same for sums whose prices depend on the weights, of which v and δ's are the last two [P + 2]. */
export function sumsAlone(sums: RepricedSums, operators: OperatorRows, net: number): RepricedSums {
  const { deviation } = operators.alone ?? learnedAlone;
  const handed = handedPrices(operators, net);
  const at = (weights: Float64Array) => {
    const dearer = Math.exp(handedWidth * weights.at(-2)!);
    return { lnMean: sums.lnMean(weights), handed: handed.map((price) => price * dearer) };
  };
  return {
    lnMean(weights) {
      const own = at(weights);
      const first = own.lnMean.length - handed.length;
      const step = deviation * weights.at(-1)!;
      return own.lnMean.map((ln, i) => (i < first ? ln : Math.log(Math.exp(ln) + own.handed[i - first]!) + step));
    },
    phi(weights) {
      const own = at(weights);
      return withAlone({ lnMean: own.lnMean, phi: sums.phi(weights) }, own.handed, deviation).phi;
    },
  };
}

/** Adds what handing over costs to ln m, and the two features to φ [n × (P + 2)]; operators are the last rows. */
function withAlone({ lnMean, phi }: Pick<Rows, 'lnMean' | 'phi'>, handed: Float64Array, deviation: number) {
  const n = lnMean.length;
  const first = n - handed.length;
  const P = phi.length / n;
  const wider = new Float64Array(n * (P + 2));
  const total = lnMean.slice();
  for (let i = 0, at = 0; i < n; i++, at += P + 2) {
    const own = phi.subarray(i * P, (i + 1) * P);
    if (i < first) {
      wider.set(own, at);
      continue;
    }
    total[i] = Math.log(Math.exp(lnMean[i]!) + handed[i - first]!);
    const ofKernels = Math.exp(lnMean[i]! - total[i]!);
    wider.set(
      own.map((value) => value * ofKernels),
      at,
    );
    wider[at + P] = handedWidth * (1 - ofKernels);
    wider[at + P + 1] = deviation;
  }
  return { lnMean: total, phi: wider };
}
