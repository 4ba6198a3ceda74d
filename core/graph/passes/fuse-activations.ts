// A convolution or matrix product whose only reader is an activation applies it before it writes its result.
import { soleConsumer, type WorkingGraph } from '../working-graph.ts';

export interface ActivationOptions {
  /** Operators that take an activation over. */
  readonly into: readonly string[];
  /** Activations that are taken over. */
  readonly activations: readonly string[];
}

/** Makes an activation part of the node before it, where nobody else reads that. The graph is changed. */
export function fuseActivations(graph: WorkingGraph, options: ActivationOptions): void {
  const into = new Set(options.into);
  const activations = new Set(options.activations);
  for (const node of graph.nodes) {
    if (node.removed || node.blocked || node.activation !== undefined || !into.has(node.operator)) continue;
    const next = soleConsumer(node.outputs[0]);
    if (next === undefined || !activations.has(next.operator) || next.inputs[0] !== node.outputs[0]) continue;
    graph.remove(next);
    graph.takeOutput(node, 0, next.outputs[0]!);
    node.activation = next.operator;
    node.sources.push(...next.sources);
  }
  graph.compact();
}
