// Attention on queries, keys and values that one product without bias makes of a map's transposed positions, in the
// form in which ONNX Runtime finds it (MobileCLIP's): [batch, tokens, 3, heads, width] taken apart, softmax(q · kᵀ) ·
// v, and a Gemm on the result → a split and one node.
import {
  scalarValue,
  soleConsumer,
  type WorkingGraph,
  type WorkingNode,
  type WorkingTensor,
} from '../working-graph.ts';

/** Replaces an attention whose queries, keys and values come of one product by a split and one node. The graph is
 * changed. */
export function fusePackedAttention(graph: WorkingGraph): void {
  for (const softmax of [...graph.nodes]) {
    if (softmax.removed || softmax.operator !== 'Softmax') continue;
    const scores = softmax.inputs[0]!.producer;
    const values = soleConsumer(softmax.outputs[0]);
    if (scores?.operator !== 'MatMul' || values?.operator !== 'MatMul') continue;
    const ways = [scores.inputs[0], scores.inputs[1], values.inputs[1]].map((t) => (t ? wayBack(t) : undefined));
    const split = ways[0]?.split;
    if (!split || ways.some((way) => way?.split !== split)) continue;
    const unpack = split.inputs[0]!.producer;
    const product = unpack?.operator === 'Reshape' ? unpack.inputs[0]!.producer : undefined;
    if (!unpack || product?.operator !== 'MatMul' || product.inputs[0]?.producer?.operator !== 'Transpose') continue;
    const back = soleConsumer(values.outputs[0]);
    const flat = back?.operator === 'Transpose' ? soleConsumer(back.outputs[0]) : undefined;
    const gemm = flat?.operator === 'Reshape' ? soleConsumer(flat.outputs[0]) : undefined;
    if (!back || !flat || gemm?.operator !== 'Gemm') continue;
    const parts = [unpack, split, ...ways.flatMap((way) => way!.nodes), scores, softmax, values, back];
    replace(graph, parts, unpack.inputs[0]!, flat, gemm);
  }
  graph.sort();
}

function replace(
  graph: WorkingGraph,
  parts: readonly WorkingNode[],
  packed: WorkingTensor,
  flat: WorkingNode,
  gemm: WorkingNode,
): void {
  const sources = [...new Set(parts.flatMap((part) => part.sources))];
  const [batch = 1, tokens = 1, columns = 1] = packed.shape;
  const width = columns / 3;
  const heads = parts[0]!.outputs[0]!.shape[3]!;
  for (const part of parts) graph.remove(part);
  const each = [0, 1, 2].map(() => graph.tensor(packed.type, [batch, tokens, width]));
  graph.add('Split', [packed, graph.constant([width, width, width])], each, { sources, attributes: { axis: 2 } });
  const attended = graph.tensor(packed.type, [batch, tokens, width]);
  graph.add('MultiHeadAttention', each, [attended], {
    sources,
    domain: 'com.microsoft',
    attributes: { num_heads: heads },
  });
  graph.setInput(flat, 0, attended);
  // ONNX Runtime leaves a reshape behind the Gemm that changes nothing.
  const output = gemm.outputs[0]!;
  const product = graph.tensor(output.type, output.shape);
  graph.takeOutput(gemm, 0, product);
  graph.add('Reshape', [product, graph.constant(output.shape)], [output], { sources: gemm.sources });
}

/** Back over transposes, squeezes and products with a number to a split into three along the third axis. */
function wayBack(from: WorkingTensor): { split: WorkingNode; nodes: WorkingNode[] } | undefined {
  const nodes: WorkingNode[] = [];
  for (let at: WorkingTensor | undefined = from; at !== undefined; ) {
    const maker: WorkingNode | undefined = at.producer;
    if (maker === undefined) return undefined;
    if (maker.operator === 'Split') {
      const isPacked = maker.inputs[0]!.shape.length === 5 && maker.inputs[0]!.shape[2] === 3;
      return isPacked && maker.outputs.length === 3 ? { split: maker, nodes } : undefined;
    }
    const passes = maker.operator === 'Transpose' || maker.operator === 'Squeeze' || isScaling(maker);
    if (!passes) return undefined;
    nodes.push(maker);
    at = maker.inputs[0];
  }
  return undefined;
}

const isScaling = (node: WorkingNode): boolean => node.operator === 'Mul' && scalarValue(node.inputs[1]) !== undefined;
