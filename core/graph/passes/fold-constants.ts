// Nodes that read only constants, and those that read only shapes, are computed once, before anything runs.
import type { WorkingGraph } from '../working-graph.ts';

/** Random ones, and quantised weights: what reads them may compute in integers. */
const neverFolded = new Set(
  'RandomNormal RandomUniform RandomNormalLike RandomUniformLike Bernoulli Multinomial DequantizeLinear'.split(' '),
);
const ofShapes = new Set(['Shape', 'Size']);

/** Replaces nodes whose results are known by constants. The graph is changed. */
export function foldConstants(graph: WorkingGraph): void {
  for (const node of graph.nodes) {
    if (node.removed || neverFolded.has(node.operator)) continue;
    const known = ofShapes.has(node.operator) || node.inputs.every((t) => t === undefined || t.constant);
    if (!known || node.outputs.some((t) => t?.output)) continue;
    graph.remove(node);
    for (const output of node.outputs) {
      if (!output) continue;
      output.constant = true;
      output.values =
        node.operator === 'Shape' ? node.inputs[0]?.shape : sameValues(node.operator, node.inputs[0]?.values);
    }
  }
  graph.compact();
}

/** Values that a reshaping node passes on. */
function sameValues(operator: string, values: readonly number[] | undefined): readonly number[] | undefined {
  return ['Reshape', 'Squeeze', 'Unsqueeze', 'Identity', 'Cast', 'Flatten'].includes(operator) ? values : undefined;
}
