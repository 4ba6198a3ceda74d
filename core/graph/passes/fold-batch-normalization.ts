// Batch normalisation with fixed statistics is a factor and a shift for each channel: a convolution or a matrix product
// before it takes both into its weights and bias. So it does with a product or sum with a constant for each channel.
import { elements, soleConsumer, type WorkingGraph, type WorkingNode, type WorkingTensor } from '../working-graph.ts';

export interface FoldOptions {
  /** Operators that take a normalisation over. */
  readonly into: readonly string[];
}

/** Folds batch normalisation into the fixed weights of the node before it. The graph is changed. */
export function foldBatchNormalization(graph: WorkingGraph, options: FoldOptions): void {
  const into = new Set(options.into);
  for (const node of graph.nodes) {
    if (node.removed || !into.has(node.operator) || node.activation !== undefined || !hasFixedWeights(node)) continue;
    const next = soleConsumer(node.outputs[0]);
    if (next?.operator !== 'BatchNormalization' || next.inputs[0] !== node.outputs[0]) continue;
    absorb(graph, node, next, true);
  }
  graph.compact();
}

/** A convolution takes over every batch normalisation, product and sum with constants that follows it. */
export function foldIntoConvolutions(graph: WorkingGraph): void {
  for (const node of graph.nodes) {
    if (node.removed || node.operator !== 'Conv' || node.activation !== undefined || !hasFixedWeights(node)) continue;
    for (;;) {
      const next = soleConsumer(node.outputs[0]);
      if (next === undefined || !isFoldable(node, next)) break;
      absorb(graph, node, next, next.operator !== 'Mul');
    }
  }
  graph.compact();
}

function isFoldable(node: WorkingNode, next: WorkingNode): boolean {
  if (next.operator === 'BatchNormalization') return next.inputs[0] === node.outputs[0];
  if (next.operator !== 'Mul' && next.operator !== 'Add') return false;
  const constant = next.inputs[next.inputs[0] === node.outputs[0] ? 1 : 0];
  if (!constant?.constant) return false;
  if (next.operator === 'Mul' && constant.shape.length === 0) return true;
  return isForEachChannel(constant, node.outputs[0]!);
}

/** Whether weights and bias of a node are constants. */
export const hasFixedWeights = (node: WorkingNode): boolean =>
  node.inputs[1]?.constant === true && (node.inputs[2] === undefined || node.inputs[2].constant);

/** `[C, 1, 1]` or `[1, C, 1, 1]` beside `[N, C, H, W]`. */
export function isForEachChannel(constant: WorkingTensor, map: WorkingTensor): boolean {
  const channels = map.shape[1];
  const rank = map.shape.length;
  const { shape } = constant;
  if (channels === undefined || elements(shape) !== channels) return false;
  const at = shape.length - (rank - 1);
  return (shape.length === rank - 1 || shape.length === rank) && shape[at] === channels;
}

/** `next` disappears into `node`; `shifts`: which has a bias from then on. */
export function absorb(graph: WorkingGraph, node: WorkingNode, next: WorkingNode, shifts: boolean): void {
  const output = next.outputs[0]!;
  graph.remove(next);
  graph.takeOutput(node, 0, output);
  node.sources.push(...next.sources);
  if (!shifts || node.inputs[2] !== undefined) return;
  const channels = node.operator === 'MatMul' || node.operator === 'Gemm' ? output.shape.at(-1) : output.shape[1];
  const bias = graph.tensor(output.type, [channels ?? 1]);
  bias.constant = true;
  graph.setInput(node, 2, bias);
}
