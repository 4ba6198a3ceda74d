// A convolution or matrix product adds a tensor to its result before it writes it: a bias (constant), or a shortcut.
import {
  elements,
  sameShape,
  soleConsumer,
  type WorkingGraph,
  type WorkingNode,
  type WorkingTensor,
} from '../working-graph.ts';
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

/** A sum of two whole feature maps runs inside the later of the two convolutions that make them. */
export function fuseSums(graph: WorkingGraph, options: { readonly into: readonly string[] }): void {
  const into = new Set(options.into);
  for (const node of graph.nodes) {
    if (node.removed || node.operator !== 'Add') continue;
    const [a, b] = node.inputs;
    if (!a || !b || a.constant || b.constant || !sameShape(a.shape, b.shape)) continue;
    const takes = (t: WorkingTensor): WorkingNode | undefined => {
      const maker = t.producer;
      return maker &&
        !maker.blocked &&
        into.has(maker.operator) &&
        maker.activation === undefined &&
        soleConsumer(t) === node
        ? maker
        : undefined;
    };
    // The later maker, so that the other addend is there when it runs.
    const makers = [takes(a), takes(b)];
    const order = makers.map((maker) => (maker ? graph.nodes.indexOf(maker) : -1));
    const chosen = order[0]! > order[1]! ? 0 : 1;
    const maker = makers[chosen];
    const other = chosen === 0 ? b : a;
    if (maker === undefined || (other.producer && graph.nodes.indexOf(other.producer) > order[chosen]!)) continue;
    graph.remove(node);
    graph.takeOutput(maker, 0, node.outputs[0]!);
    while (maker.inputs.length < 3) maker.inputs.push(undefined);
    maker.inputs.push(undefined);
    graph.setInput(maker, maker.inputs.length - 1, other);
    maker.addends++;
    maker.sources.push(...node.sources);
  }
  graph.compact();
}
