// Where the milliseconds of one prediction go, as they are told: by kind of kernel, and by place in the network. Both
// sum to the latency.
import type { KernelKind } from '#core/graph/kernel.ts';
import type { OperatorGraph } from '#core/graph/operator-graph.ts';
import { isRunConstant } from '#core/predictor/kernels/kernel-features.ts';
import { significant } from '#core/text/significant.ts';
import type { PricedNetwork } from './launched-network.ts';
import type { NetworkPrediction } from './predict-network.ts';

/** `run` is what an inference costs beside its kernels. */
export type CostKind = KernelKind | 'run';

export interface Cost {
  readonly ms: number;
  /** Share of the latency, 0 to 1. */
  readonly share: number;
}

export interface KindCost extends Cost {
  readonly kind: CostKind;
  readonly launches: number;
}

export interface PlaceCost extends Cost {
  readonly kind: CostKind;
  /** All operators that run as this one kernel. */
  readonly operators: string[];
  /** Their indices in the graph, that of the kernel's own operator first; none for what a runtime puts in. */
  readonly nodes: number[];
}

/** Significant digits of what is told. */
export const toldDigits = 6;

type Costed = Pick<NetworkPrediction, 'lowering' | 'launchMs' | 'latencyMs'>;

/** The dearest kind first. */
export function costsByKind(network: PricedNetwork, { lowering, launchMs, latencyMs }: Costed): KindCost[] {
  const kinds = new Map<CostKind, { launches: number; ms: number }>();
  network.launches.get(lowering)!.forEach(({ kernel }, i) => {
    const kind = kindOf(network, kernel);
    const known = kinds.get(kind) ?? { launches: 0, ms: 0 };
    kinds.set(kind, { launches: known.launches + 1, ms: known.ms + launchMs[i]! });
  });
  return [...kinds]
    .sort(([, a], [, b]) => b.ms - a.ms)
    .map(([kind, { launches, ms }]) => ({ kind, launches, ...costOf(ms, latencyMs) }));
}

/** One a launch, in order. */
export function costsByPlace(
  graph: OperatorGraph,
  network: PricedNetwork,
  { lowering, launchMs, latencyMs }: Costed,
): PlaceCost[] {
  return network.launches.get(lowering)!.map(({ kernel, nodes }, i) => {
    const { operator } = network.kernels[kernel]!;
    const main = nodes.find((node) => graph.nodes[node]!.operator === operator);
    const named = nodes.length === 0 ? [operator] : nodes.map((node) => graph.nodes[node]!.operator);
    return {
      kind: kindOf(network, kernel),
      operators: [...new Set(named)],
      nodes: main === undefined ? [...nodes] : [main, ...nodes.filter((node) => node !== main)],
      ...costOf(launchMs[i]!, latencyMs),
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
