// A convolution or matrix product adds a tensor to its result before it writes it: a bias (constant), or a shortcut.
import { elements, sameShape, soleConsumer, type WorkingGraph } from '../working-graph.ts';
import { absorb } from './fold-batch-normalization.ts';

/** MatMul + constant vector → a fully connected layer with bias. */
export function fuseBiases(graph: WorkingGraph): void {
  for (const node of graph.nodes) {
    const absorbs = node.operator === 'MatMul' || node.operator === 'Conv' || node.operator === 'ConvTranspose';
    if (node.removed || !absorbs || node.inputs[2] !== undefined || !node.inputs[1]?.constant) continue;
    const next = soleConsumer(node.outputs[0]);
    if (next?.operator !== 'Add') continue;
    const bias = next.inputs.find((t) => t?.constant);
    if (bias === undefined || elements(bias.shape) > node.inputs[1].shape.at(node.operator === 'MatMul' ? -1 : 0)!)
      continue;
    absorb(graph, node, next, true);
  }
  graph.compact();
}

export interface SumOptions {
  /** Operators that take a sum over. */
  readonly into: readonly string[];
  /** Only results of this many dimensions. */
  readonly rank?: number;
}

/** A sum of two whole feature maps runs inside the first of the operators that make them. */
export function fuseSums(graph: WorkingGraph, options: SumOptions): void {
  const into = new Set(options.into);
  for (const node of graph.nodes) {
    if (node.removed || node.blocked || !into.has(node.operator) || node.activation !== undefined) continue;
    const add = soleConsumer(node.outputs[0]);
    if (add?.operator !== 'Add') continue;
    const own = node.outputs[0]!;
    const other = add.inputs[0] === own ? add.inputs[1] : add.inputs[0];
    if (!other || other.constant || !sameShape(own.shape, other.shape)) continue;
    if (options.rank !== undefined && own.shape.length !== options.rank) continue;
    graph.remove(add);
    graph.takeOutput(node, 0, add.outputs[0]!);
    while (node.inputs.length < 3) node.inputs.push(undefined);
    node.inputs.push(undefined);
    graph.setInput(node, node.inputs.length - 1, other);
    node.addends++;
    node.sources.push(...add.sources);
  }
  graph.sort();
}
