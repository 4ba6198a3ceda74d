// Where the milliseconds of one prediction go, as they are told: by kind of kernel, and by place in the network. Both
// sum to the latency.
import type { KernelKind } from '#core/graph/kernel.ts';
import type { OperatorGraph } from '#core/graph/operator-graph.ts';
import type { Adaptation } from '#core/predictor/adaptation/adaptation.ts';
import { isRunConstant } from '#core/predictor/kernels/kernel-features.ts';
import { significant } from '#core/text/significant.ts';
import type { PricedNetwork } from './launched-network.ts';
import { farthestEnd, type NetworkPrediction } from './predict-network.ts';
import { partUncertainties } from './uncertainty.ts';

/** `run` is what an inference costs beside its kernels. */
export type CostKind = KernelKind | 'run';

export interface Cost {
  readonly ms: number;
  /** Share of the latency, 0 to 1. */
  readonly share: number;
}

/** How sure a part is (uncertainty.ts). */
export interface Uncertainty {
  /** The part's own interval, at the confidence of the whole's and as if everything were known. */
  readonly lowMs: number;
  readonly highMs: number;
  /** Signed share of the variance of ln latency; those of the parts sum to 1. */
  readonly varianceShare: number;
}

export interface KindCost extends Cost, Partial<Uncertainty> {
  readonly kind: CostKind;
  readonly launches: number;
}

export interface PlaceCost extends Cost, Partial<Uncertainty> {
  readonly kind: CostKind;
  /** All operators that run as this one kernel. */
  readonly operators: string[];
  /** Their indices in the graph, that of the kernel's own operator first; none for what a runtime puts in. */
  readonly nodes: number[];
}

/** Significant digits of what is told. */
export const toldDigits = 6;

type Costed = Pick<NetworkPrediction, 'lowering' | 'launchMs' | 'latencyMs' | 'lnHalfWidth'>;

/** The dearest kind first.
 * @param adaptation to say how sure each is; left out: that is not told */
export function costsByKind(network: PricedNetwork, predicted: Costed, adaptation?: Adaptation): KindCost[] {
  const { lowering, launchMs, latencyMs } = predicted;
  const kinds = network.launches.get(lowering)!.map(({ kernel }) => kindOf(network, kernel));
  const names = [...new Set(kinds)];
  const partOf = kinds.map((kind) => names.indexOf(kind));
  const ms = new Float64Array(names.length);
  partOf.forEach((part, i) => {
    ms[part]! += launchMs[i]!;
  });
  const sure = uncertaintiesOf(network, predicted, partOf, ms, adaptation);
  return names
    .map((kind, part) => ({ kind, launches: partOf.filter((own) => own === part).length, part }))
    .sort((a, b) => ms[b.part]! - ms[a.part]!)
    .map(({ part, ...kind }) => ({ ...kind, ...costOf(ms[part]!, latencyMs), ...sure?.[part] }));
}

function uncertaintiesOf(
  network: PricedNetwork,
  predicted: Costed,
  partOf: readonly number[],
  partMs: Float64Array,
  adaptation: Adaptation | undefined,
): Uncertainty[] | undefined {
  if (adaptation === undefined) return undefined;
  const parts = partUncertainties(adaptation, network, predicted, partOf, predicted.lnHalfWidth);
  return parts.map(({ varianceShare, lnHalfWidth }, part) => {
    const factor = Math.min(Math.exp(lnHalfWidth), farthestEnd);
    return {
      lowMs: significant(partMs[part]! / factor, toldDigits),
      highMs: significant(partMs[part]! * factor, toldDigits),
      varianceShare: significant(varianceShare, toldDigits),
    };
  });
}

/** One a launch, in order.
 * @param adaptation to say how sure each is; left out: that is not told */
export function costsByPlace(
  graph: OperatorGraph,
  network: PricedNetwork,
  predicted: Costed,
  adaptation?: Adaptation,
): PlaceCost[] {
  const { lowering, launchMs, latencyMs } = predicted;
  const sure = uncertaintiesOf(network, predicted, [...launchMs.keys()], launchMs, adaptation);
  return network.launches.get(lowering)!.map(({ kernel, nodes }, i) => {
    const { operator } = network.kernels[kernel]!;
    const main = nodes.find((node) => graph.nodes[node]!.operator === operator);
    const named = nodes.length === 0 ? [operator] : nodes.map((node) => graph.nodes[node]!.operator);
    return {
      kind: kindOf(network, kernel),
      operators: [...new Set(named)],
      nodes: main === undefined ? [...nodes] : [main, ...nodes.filter((node) => node !== main)],
      ...costOf(launchMs[i]!, latencyMs),
      ...sure?.[i],
    };
  });
}

/** The kind of a kernel of the network, by its index. */
export const kindOf = ({ kernels }: PricedNetwork, kernel: number): CostKind =>
  isRunConstant(kernels[kernel]!) ? 'run' : kernels[kernel]!.kind;

const costOf = (ms: number, latencyMs: number): Cost => ({
  ms: significant(ms, toldDigits),
  share: Math.min(significant(ms / latencyMs, toldDigits), 1),
});
