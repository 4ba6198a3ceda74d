// Between DequantizeLinear and QuantizeLinear a node computes in integers: the three become one node on quantised
// tensors.
import { soleConsumer, type WorkingGraph, type WorkingNode, type WorkingTensor } from '../working-graph.ts';

const quantised = new Set(
  'Conv MatMul Gemm Add Mul AveragePool GlobalAveragePool Concat Softmax Sigmoid LeakyRelu Relu MaxPool Clip Resize'.split(
    ' ',
  ),
);

/** Replaces dequantise, operator, quantise by the quantised operator. The graph is changed. */
export function fuseQuantization(graph: WorkingGraph): void {
  if (!graph.nodes.some((node) => node.operator === 'DequantizeLinear')) return;
  for (const node of graph.nodes) {
    if (node.removed || !quantised.has(node.operator)) continue;
    const quantize = soleConsumer(node.outputs[0]);
    if (quantize?.operator !== 'QuantizeLinear') continue;
    const data = node.inputs.filter((t): t is WorkingTensor => t !== undefined && isFloat(t));
    if (data.length === 0 || !data.every((t) => fromIntegers(t) || isBias(node, t))) continue;
    for (const [i, input] of node.inputs.entries()) {
      const maker = input?.producer;
      if (maker?.operator !== 'DequantizeLinear') continue;
      graph.setInput(node, i, maker.inputs[0]);
      if (input!.consumers.uses > 0 || input!.output) continue;
      node.sources.push(...maker.sources);
      graph.remove(maker);
    }
    const output = quantize.outputs[0]!;
    graph.remove(quantize);
    graph.takeOutput(node, 0, output);
    node.sources.push(...quantize.sources);
  }
  graph.compact();
}

const isFloat = (t: WorkingTensor): boolean => t.type === 'float32' || t.type === 'float16';

const fromIntegers = (t: WorkingTensor): boolean => t.producer?.operator === 'DequantizeLinear';

const isBias = (node: WorkingNode, t: WorkingTensor): boolean => node.inputs[2] === t && t.constant;
