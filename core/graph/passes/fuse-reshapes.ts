// Reshapes that follow one another, with nothing else in between, are one.
import { soleConsumer, type WorkingGraph } from '../working-graph.ts';

const views = new Set(['Reshape', 'Squeeze', 'Unsqueeze']);

/** Makes reshapes that follow each other one. The graph is changed. */
export function fuseReshapes(graph: WorkingGraph): void {
  for (const node of graph.nodes) {
    if (node.removed || node.operator !== 'Reshape') continue;
    for (;;) {
      const next = soleConsumer(node.outputs[0]);
      if (next === undefined || !views.has(next.operator) || next.inputs[0] !== node.outputs[0]) break;
      const output = next.outputs[0]!;
      graph.remove(next);
      graph.takeOutput(node, 0, output);
      graph.setInput(node, 1, graph.constant(output.shape));
      node.sources.push(...next.sources);
    }
  }
  graph.compact();
}
