// Activations that exporters write as several nodes: SiLU, hard swish, GELU. Each becomes one node.
import {
  scalarValue,
  soleConsumer,
  type WorkingGraph,
  type WorkingNode,
  type WorkingTensor,
} from '../working-graph.ts';

/** x · sigmoid(x) → Silu, x · hardsigmoid(x) and x · clip(x + 3, 0, 6) / 6 → HardSwish. */
export function fuseSelfGates(graph: WorkingGraph): void {
  for (const node of graph.nodes) {
    if (node.removed || node.operator !== 'Mul') continue;
    const [a, b] = node.inputs;
    if (!a || !b) continue;
    const done = gate(graph, node, a, b) || gate(graph, node, b, a);
    if (done) continue;
  }
  graph.sort();
}

function gate(graph: WorkingGraph, node: WorkingNode, x: WorkingTensor, gated: WorkingTensor): boolean {
  const maker = gated.producer;
  if (maker === undefined || soleConsumer(gated) !== node || maker.inputs[0] !== x) return false;
  const name = maker.operator === 'Sigmoid' ? 'Silu' : maker.operator === 'HardSigmoid' ? 'HardSwish' : undefined;
  if (name === undefined) return false;
  replaceBy(graph, name, x, node.outputs[0]!, [maker, node]);
  return true;
}

export interface GeluOptions {
  /** ONNX Runtime takes any product that makes x for the ½ · x of the other order, and then finds no pattern. */
  readonly notBehindProducts: boolean;
}

/** x / √2 → erf → + 1 → · x → · ½, in the orders that exporters write. */
export function fuseGelu(graph: WorkingGraph, options: GeluOptions): void {
  for (const node of graph.nodes) {
    if (node.removed || node.operator !== 'Erf') continue;
    const scale = node.inputs[0]!.producer;
    const x = scale?.inputs.find((t) => t && scalarValue(t) === undefined);
    const plusOne = soleConsumer(node.outputs[0]);
    if (!scale || !x || !/^(Div|Mul)$/.test(scale.operator) || plusOne?.operator !== 'Add') continue;
    const first = soleConsumer(plusOne.outputs[0]);
    if (first?.operator !== 'Mul') continue;
    const second = soleConsumer(first.outputs[0]);
    const parts = [scale, node, plusOne, first];
    const halved = x.producer?.operator === 'Mul' && options.notBehindProducts;
    if (!halved && second?.operator === 'Mul' && second.inputs.some((t) => scalarValue(t) === 0.5 || t === x))
      parts.push(second);
    else {
      // ½ · x stands before.
      const half = first.inputs.find((t) => t !== plusOne.outputs[0])?.producer;
      if (half?.operator !== 'Mul' || !half.inputs.includes(x)) continue;
      parts.unshift(half);
    }
    replaceBy(graph, 'Gelu', x, parts.at(-1)!.outputs[0]!, parts);
  }
  graph.sort();
}

function replaceBy(
  graph: WorkingGraph,
  operator: string,
  x: WorkingTensor,
  output: WorkingTensor,
  parts: readonly WorkingNode[],
): void {
  for (const part of parts) graph.remove(part);
  graph.add(operator, [x], [output], { sources: parts.flatMap((part) => part.sources) });
}
