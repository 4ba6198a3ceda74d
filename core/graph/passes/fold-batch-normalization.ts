// Batch normalisation with fixed statistics is a factor and a shift for each channel: a convolution or a matrix product
// before it takes both into its weights and bias.
import { soleConsumer, type WorkingGraph, type WorkingNode } from '../working-graph.ts';

const absorbs = new Set(['Conv', 'ConvTranspose', 'Gemm']);

export function foldBatchNormalization(graph: WorkingGraph): void {
  for (const node of graph.nodes) {
    if (node.removed || !absorbs.has(node.operator) || node.activation !== undefined || !node.inputs[1]?.constant)
      continue;
    const next = soleConsumer(node.outputs[0]);
    if (next?.operator !== 'BatchNormalization' || next.inputs[0] !== node.outputs[0]) continue;
    absorbBias(graph, node, next);
  }
  graph.compact();
}

/** `next` disappears into `node`, which has a bias from then on. */
export function absorbBias(graph: WorkingGraph, node: WorkingNode, next: WorkingNode): void {
  const output = next.outputs[0]!;
  graph.remove(next);
  graph.takeOutput(node, 0, output);
  node.sources.push(...next.sources);
  if (node.inputs[2] !== undefined) return;
  const channels = output.shape[1] ?? output.shape[0] ?? 1;
  const bias = graph.tensor(output.type, [channels]);
  bias.constant = true;
  graph.setInput(node, 2, bias);
}
