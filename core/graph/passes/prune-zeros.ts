// What is multiplied by zero is zero, and a converter that knows it drops the branch: NAS-Bench-201's operation `none`.
// How far it looks was read off measured tables (docs/kernel-graph.md), from how much longer cells take than without
// what may be dropped.
// - `products: 'seen-through'`, as both of nn-Meter's targets do (data/latency-nasbench201-edge.csv.gz): what computes
// on
//   a product with zero is dropped too. A convolution of zeros leaves at most a constant for each channel, which the
//   next bias takes: it counts as zero. A sum of zeros is made beforehand, and what computes on it is run.
// - `products: 'folded'`, as HW-NAS-Bench's TFLite does (`pixel3`): a product with zero folds into the convolution that
//   it alone reads, which then runs with weights of zero; any other is made beforehand, and what computes on it is run.
// Nothing adds what is known to be zero.
import {
  sameShape,
  scalarValue,
  soleConsumer,
  type WorkingGraph,
  type WorkingNode,
  type WorkingTensor,
} from '../working-graph.ts';
import { absorb, hasFixedWeights } from './fold-batch-normalization.ts';

export interface ZeroOptions {
  readonly products: 'seen-through' | 'folded';
}

const zeroOfZero = new Set(
  'Relu LeakyRelu Clip HardSwish Silu Identity AveragePool MaxPool GlobalAveragePool Conv BatchNormalization Reshape Flatten'.split(
    ' ',
  ),
);

/** Removes what is zero whatever comes in. The graph is changed. */
export function pruneZeros(graph: WorkingGraph, { products }: ZeroOptions): void {
  /** Whatever computes on them is dropped. */
  const zeros = new Set<WorkingTensor>();
  /** Made beforehand: whatever computes on them is run. */
  const made = new Set<WorkingTensor>();
  const isZero = (t: WorkingTensor | undefined): boolean =>
    t !== undefined && (zeros.has(t) || made.has(t) || scalarValue(t) === 0);
  for (const node of graph.nodes) {
    if (node.removed) continue;
    const output = node.outputs[0];
    if (output === undefined) continue;
    const [a, b] = node.inputs;
    if (node.operator === 'Add' && isZero(a) !== isZero(b)) {
      const addend = isZero(a) ? b : a;
      if (addend && sameShape(addend.shape, output.shape)) graph.bypass(node, addend);
    } else if (output.output) continue;
    else if (node.operator === 'Mul' && (isZero(a) || isZero(b))) {
      if (products === 'seen-through') zeros.add(output);
      else if (!foldedIntoConvolution(graph, node)) made.add(output);
    } else if (node.operator === 'Add' && isZero(a)) made.add(output);
    else if (a && zeros.has(a) && zeroOfZero.has(node.operator)) zeros.add(output);
    else if (a && made.has(a) && node.operator === 'Identity') made.add(output);
  }
  // What is read by nobody but zeros is dead now.
  for (const node of graph.nodes.toReversed()) {
    const [output, ...others] = node.outputs;
    if (node.removed || output === undefined || others.some((other) => other && isRead(other))) continue;
    if (made.has(output) || (zeros.has(output) && !isRead(output))) graph.remove(node);
  }
  graph.sort();
}

const isRead = ({ output, consumers }: WorkingTensor): boolean => output || consumers.uses > 0;

/** A product with a constant zero disappears into the convolution that nobody else reads. */
function foldedIntoConvolution(graph: WorkingGraph, node: WorkingNode): boolean {
  const [a, b] = node.inputs;
  const factor = scalarValue(a) === 0 ? b : a;
  const maker = factor?.producer;
  if (maker?.operator !== 'Conv' || !hasFixedWeights(maker) || soleConsumer(factor) !== node) return false;
  if (!sameShape(factor!.shape, node.outputs[0]!.shape)) return false;
  absorb(graph, maker, node, false);
  return true;
}
