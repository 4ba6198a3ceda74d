// Matrix products that take over a transpose of their operands' last two axes and a product with a number.
import {
  numberAttribute,
  numbersAttribute,
  scalarValue,
  soleConsumer,
  type WorkingGraph,
  type WorkingNode,
  type WorkingTensor,
} from '../working-graph.ts';

const products = new Set(['MatMul', 'FusedMatMul']);

/** Makes transposes of the last two axes attributes of the matrix products that read them. The graph is changed. */
export function fuseTransposesIntoProducts(graph: WorkingGraph): void {
  for (const node of graph.nodes) {
    if (node.removed || !products.has(node.operator)) continue;
    for (const [i, name] of [
      [0, 'transA'],
      [1, 'transB'],
    ] as const) {
      const transpose = node.inputs[i]?.producer;
      if (transpose?.operator !== 'Transpose' || !swapsLastTwo(transpose)) continue;
      const passed = transpose.outputs[0]!;
      graph.setInput(node, i, transpose.inputs[0]);
      makeFused(node, { [name]: 1 - numberAttribute(node, name, 0) });
      if (passed.consumers.uses > 0 || passed.output) continue;
      node.sources.push(...transpose.sources);
      graph.remove(transpose);
    }
  }
  graph.compact();
}

/** Makes products with a scalar part of the matrix products beside them. The graph is changed. */
export function fuseScalesIntoProducts(graph: WorkingGraph): void {
  for (const node of graph.nodes) {
    if (node.removed || !products.has(node.operator)) continue;
    for (const i of [0, 1]) {
      const scaled = node.inputs[i];
      const scale = scaled?.producer;
      const x = scale && scaledBy(scale);
      if (!scaled || !scale || !x) continue;
      graph.setInput(node, i, x);
      makeFused(node, {});
      if (scaled.consumers.uses > 0 || scaled.output) continue;
      node.sources.push(...scale.sources);
      graph.remove(scale);
    }
    const next = soleConsumer(node.outputs[0]);
    if (next && scaledBy(next) === node.outputs[0]) {
      graph.remove(next);
      graph.takeOutput(node, 0, next.outputs[0]!);
      node.sources.push(...next.sources);
      makeFused(node, {});
    }
  }
  graph.compact();
}

function makeFused(node: WorkingNode, attributes: Record<string, number>): void {
  node.operator = 'FusedMatMul';
  node.domain = 'com.microsoft';
  node.attributes = { ...node.attributes, ...attributes };
}

function swapsLastTwo(node: WorkingNode): boolean {
  const rank = node.inputs[0]!.shape.length;
  const perm = numbersAttribute(node, 'perm') ?? Array.from({ length: rank }, (_, i) => rank - 1 - i);
  return rank >= 2 && perm.every((axis, i) => axis === (i < rank - 2 ? i : 2 * rank - 3 - i));
}

/** What a node multiplies with, or divides by, a number. */
function scaledBy(node: WorkingNode): WorkingTensor | undefined {
  const [a, b] = node.inputs;
  if (node.operator === 'Mul' && scalarValue(a) !== undefined) return b;
  const scales = node.operator === 'Mul' || node.operator === 'Div';
  return scales && scalarValue(b) !== undefined ? a : undefined;
}
