// Softmax(q · kᵀ · scale + mask) · v written out → one node, as runtimes with an attention kernel launch it.
import {
  numbersAttribute,
  scalarValue,
  soleConsumer,
  type WorkingGraph,
  type WorkingNode,
  type WorkingTensor,
} from '../working-graph.ts';

const products = new Set(['MatMul', 'FusedMatMul']);

/** Replaces the nodes of an attention by one. The graph is changed. */
export function fuseAttention(graph: WorkingGraph): void {
  for (const softmax of [...graph.nodes]) {
    if (softmax.removed || softmax.operator !== 'Softmax') continue;
    const values = soleConsumer(softmax.outputs[0]);
    if (!values || !products.has(values.operator) || values.inputs[0] !== softmax.outputs[0]) continue;
    const parts = [softmax, values];
    const masks: WorkingTensor[] = [];
    const scores = scoresBefore(softmax.inputs[0]!, softmax, parts, masks);
    const v = values.inputs[1];
    if (scores === undefined || !v || scores.inputs[1]?.constant || v.constant) continue;
    parts.unshift(scores);
    const keys = scores.outputs[0]!.shape.at(-1)!;
    const [q, k] = scores.inputs as [WorkingTensor, WorkingTensor];
    const transpose = k.producer;
    const absorbed = transpose && swapsLastTwo(transpose) && soleConsumer(k) === scores ? transpose : undefined;
    if (absorbed) parts.unshift(absorbed);
    const output = values.outputs[0]!;
    for (const part of parts) graph.remove(part);
    graph.add('ScaledDotProductAttention', [q, absorbed?.inputs[0] ?? k, v, ...masks], [output], {
      sources: parts.flatMap((part) => part.sources),
      attributes: { keys },
    });
  }
  graph.sort();
}

/** Back over masks that are added and numbers that are multiplied with, to the product that makes the scores. */
function scoresBefore(
  from: WorkingTensor,
  reader: WorkingNode,
  parts: WorkingNode[],
  masks: WorkingTensor[],
): WorkingNode | undefined {
  const maker = from.producer;
  if (maker === undefined || soleConsumer(from) !== reader) return undefined;
  if (products.has(maker.operator)) return maker;
  const [a, b] = maker.inputs;
  if (!a || !b) return undefined;
  parts.unshift(maker);
  if (maker.operator === 'Add') {
    const isScores = (t: WorkingTensor): boolean =>
      t.producer !== undefined && soleConsumer(t) === maker && !t.constant;
    const [scores, mask] = isScores(a) ? [a, b] : [b, a];
    masks.push(mask);
    return scoresBefore(scores, maker, parts, masks);
  }
  const scales = maker.operator === 'Mul' || maker.operator === 'Div';
  if (scales && scalarValue(b) !== undefined) return scoresBefore(a, maker, parts, masks);
  return undefined;
}

function swapsLastTwo(node: WorkingNode): boolean {
  if (node.operator !== 'Transpose') return false;
  const rank = node.inputs[0]!.shape.length;
  const perm = numbersAttribute(node, 'perm');
  return perm?.every((axis, i) => axis === (i < rank - 2 ? i : 2 * rank - 3 - i)) === true;
}
