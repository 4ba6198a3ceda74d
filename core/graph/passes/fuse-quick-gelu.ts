// x · sigmoid(α x) → one node: SiLU (α = 1) and QuickGELU (α = 1.702).
import {
  scalarValue,
  soleConsumer,
  type WorkingGraph,
  type WorkingNode,
  type WorkingTensor,
} from '../working-graph.ts';

/** Replaces x · sigmoid(α x) by one node. The graph is changed. */
export function fuseQuickGelu(graph: WorkingGraph): void {
  for (const node of [...graph.nodes]) {
    if (node.removed || node.operator !== 'Sigmoid') continue;
    const scaled = node.inputs[0]!;
    const product = soleConsumer(node.outputs[0]);
    if (product?.operator !== 'Mul') continue;
    const x = product.inputs.find((t) => t !== node.outputs[0]);
    if (x === undefined) continue;
    const scale = scaled === x ? undefined : scaleBefore(scaled, x);
    if (scaled !== x && scale === undefined) continue;
    const parts = [...(scale ? [scale] : []), node, product];
    const output = product.outputs[0]!;
    for (const part of parts) graph.remove(part);
    const sources = parts.flatMap((part) => part.sources);
    graph.add('QuickGelu', [x], [output], { sources, domain: 'com.microsoft' });
  }
  graph.sort();
}

/** The product of x with a number, read by nobody else. */
function scaleBefore(scaled: WorkingTensor, x: WorkingTensor): WorkingNode | undefined {
  const maker = scaled.producer;
  if (maker?.operator !== 'Mul' || !maker.inputs.includes(x) || scaled.output || scaled.consumers.uses !== 1)
    return undefined;
  return maker.inputs.some((t) => scalarValue(t) !== undefined) ? maker : undefined;
}
