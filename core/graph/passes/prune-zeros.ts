// What is multiplied by zero is zero, and a converter that knows it drops the branch: NAS-Bench-201's operation `none`.
// A convolution of zeros leaves at most a constant for each channel, which the next bias takes: it counts as zero too.
// Only sums are not seen through: of zeros alone they are made beforehand, and what computes on them is run. So a cell
// whose second node gets two `none` runs the convolution or the pool from there to the last node: on both of nn-Meter's
// targets such cells take as much longer as that operation costs (data/latency-nasbench201-edge.csv.gz).
import { scalarValue, type WorkingGraph, type WorkingNode, type WorkingTensor } from '../working-graph.ts';

const zeroOfZero = new Set(
  'Relu LeakyRelu Clip HardSwish Silu Identity AveragePool MaxPool GlobalAveragePool Conv BatchNormalization Reshape Flatten'.split(
    ' ',
  ),
);

/** Removes what is zero whatever comes in. The graph is changed. */
export function pruneZeros(graph: WorkingGraph): void {
  const zero = new Set<WorkingTensor>();
  /** Sums of zeros, under whatever name. */
  const sums = new Set<WorkingTensor>();
  for (const node of graph.nodes) {
    if (node.removed) continue;
    const output = node.outputs[0];
    if (output === undefined || output.output) continue;
    const [a, b] = node.inputs;
    if (node.operator === 'Mul' && (isZero(a, zero) || isZero(b, zero))) zero.add(output);
    else if (zeroOfZero.has(node.operator) && a && zero.has(a)) zero.add(output);
    else if (node.operator === 'Identity' && a && sums.has(a)) sums.add(output);
    else if (node.operator === 'Add' && a && b) prunedSum(graph, node, [a, b], zero, sums);
  }
  // What is read by nobody but zeros is dead now.
  for (const node of graph.nodes.toReversed()) {
    const output = node.outputs[0];
    if (node.removed || output === undefined) continue;
    const isSum = node.operator === 'Add' && sums.has(output);
    if (isSum || (zero.has(output) && output.consumers.length === 0)) graph.remove(node);
  }
  graph.compact();
}

function prunedSum(
  graph: WorkingGraph,
  node: WorkingNode,
  [a, b]: readonly [WorkingTensor, WorkingTensor],
  zero: ReadonlySet<WorkingTensor>,
  sums: Set<WorkingTensor>,
): void {
  const addsNothing = (t: WorkingTensor): boolean => zero.has(t) || sums.has(t);
  if (addsNothing(a) && addsNothing(b)) sums.add(node.outputs[0]!);
  else if (addsNothing(a)) graph.bypass(node, b);
  else if (addsNothing(b)) graph.bypass(node, a);
}

const isZero = (t: WorkingTensor | undefined, zero: ReadonlySet<WorkingTensor>): boolean =>
  t !== undefined && (zero.has(t) || scalarValue(t) === 0);
