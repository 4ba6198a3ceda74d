// What is multiplied by zero is zero, and a converter that knows it drops the branch: NAS-Bench-201's operation `none`.
// A convolution of zeros leaves at most a constant for each channel, which the next bias takes: it counts as zero too.
import { scalarValue, type WorkingGraph, type WorkingNode, type WorkingTensor } from '../working-graph.ts';

const zeroOfZero = new Set(
  'Relu LeakyRelu Clip HardSwish Silu Identity AveragePool MaxPool GlobalAveragePool Conv BatchNormalization Reshape Flatten'.split(
    ' ',
  ),
);

/** Removes what is zero whatever comes in. The graph is changed. */
export function pruneZeros(graph: WorkingGraph): void {
  const zero = new Set<WorkingTensor>();
  for (const node of graph.nodes) {
    if (node.removed) continue;
    const output = node.outputs[0];
    if (output === undefined || output.output) continue;
    const [a, b] = node.inputs;
    if (node.operator === 'Mul' && (isZero(a, zero) || isZero(b, zero))) zero.add(output);
    else if (zeroOfZero.has(node.operator) && a && zero.has(a)) zero.add(output);
    else if (node.operator === 'Add' && a && b) prunedSum(graph, node, a, b, zero);
  }
  // What is read by nobody but zeros is dead now.
  for (const node of graph.nodes.toReversed()) {
    if (!node.removed && node.outputs[0] && zero.has(node.outputs[0]) && node.outputs[0].consumers.length === 0)
      graph.remove(node);
  }
  graph.compact();
}

function prunedSum(
  graph: WorkingGraph,
  node: WorkingNode,
  a: WorkingTensor,
  b: WorkingTensor,
  zero: Set<WorkingTensor>,
): void {
  if (zero.has(a) && zero.has(b)) zero.add(node.outputs[0]!);
  else if (zero.has(a)) graph.bypass(node, b);
  else if (zero.has(b)) graph.bypass(node, a);
}

const isZero = (t: WorkingTensor | undefined, zero: ReadonlySet<WorkingTensor>): boolean =>
  t !== undefined && (zero.has(t) || scalarValue(t) === 0);
