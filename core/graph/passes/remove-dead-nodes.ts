// Drops nodes whose results nobody reads.
import type { WorkingGraph, WorkingNode } from '../working-graph.ts';

/** Removes nodes whose results nobody reads. The graph is changed. */
export function removeDeadNodes(graph: WorkingGraph): void {
  const live = (node: WorkingNode): boolean => node.outputs.some((t) => t && (t.output || t.consumers.uses > 0));
  for (let i = graph.nodes.length - 1; i >= 0; i--) {
    const node = graph.nodes[i]!;
    if (!node.removed && !live(node)) graph.remove(node);
  }
  graph.compact();
}
