// The operators of a descriptor as networks of their own, each with what it took alone.
import { graphHash } from '#core/graph/graph-hash.ts';
import type { OperatorGraph } from '#core/graph/operator-graph.ts';
import type { Descriptor, Operator } from './descriptor.ts';
import { operatorGraphs } from './operator-graphs.ts';

export interface OperatorNetwork {
  /** Hash of the graph (graph-hash.ts). */
  readonly id: string;
  readonly graph: OperatorGraph;
  /** Median. */
  readonly latencyMs: number;
}

/** Whether an operator has a latency that can be learned from: a number that settled. */
export const hasSettled = ({ latency, stable }: Operator): boolean => typeof latency !== 'string' && stable !== false;

/** Those with a latency that settled, in the order of the list. */
export function operatorNetworks({ list, inputSize, batchSize, operators }: Descriptor): OperatorNetwork[] {
  return [...operatorGraphs({ list, inputSize, batchSize })].flatMap(([key, graph]) => {
    const operator = operators[key];
    if (operator === undefined || typeof operator.latency === 'string' || !hasSettled(operator)) return [];
    return [{ id: graphHash(graph), graph, latencyMs: operator.latency.medianMs }];
  });
}
