// The operators of a descriptor as networks of their own, each with what it took alone.
import { graphHash } from '#core/graph/graph-hash.ts';
import type { OperatorGraph } from '#core/graph/operator-graph.ts';
import type { Descriptor } from './descriptor.ts';
import { operatorGraphs } from './operator-graphs.ts';

export interface OperatorNetwork {
  /** Hash of the graph (graph-hash.ts). */
  readonly id: string;
  readonly graph: OperatorGraph;
  /** Median. */
  readonly latencyMs: number;
}

/** Those with a latency, in the order of the list. */
export function operatorNetworks({ list, inputSize, batchSize, operators }: Descriptor): OperatorNetwork[] {
  return [...operatorGraphs({ list, inputSize, batchSize })].flatMap(([key, graph]) => {
    const latency = operators[key]?.latency;
    if (latency === undefined || typeof latency === 'string') return [];
    return [{ id: graphHash(graph), graph, latencyMs: latency.medianMs }];
  });
}
