// Elementwise nodes that follow one another on tensors of one shape are one loop: what graph compilers generate.
import { sameShape, soleConsumer, type WorkingGraph } from '../working-graph.ts';

const pointwise = new Set(
  (
    'Add Sub Mul Div Pow Min Max Where Relu Clip LeakyRelu HardSwish HardSigmoid Sigmoid Tanh Silu Gelu Erf Exp Log Sqrt Neg ' +
    'Abs Reciprocal Softplus Elu Cast BatchNormalization'
  ).split(' '),
);

/** Tensors that one loop reads: compilers bound the arguments of a kernel, and a longer chain is several loops. */
const mostInputs = 64;

/** Makes chains of elementwise nodes one. The graph is changed. */
export function fuseElementwise(graph: WorkingGraph): void {
  for (const node of graph.nodes) {
    if (node.removed || node.domain !== '' || !pointwise.has(node.operator)) continue;
    const output = node.outputs[0]!;
    const next = soleConsumer(output);
    if (next?.domain !== '' || !pointwise.has(next.operator) || !sameShape(output.shape, next.outputs[0]!.shape))
      continue;
    if (node.inputs.length + next.inputs.length - 1 > mostInputs) continue;
    const inputs = [...node.inputs];
    const at = next.inputs.indexOf(output);
    graph.remove(node);
    graph.setInput(next, at, inputs[0]);
    for (const input of inputs.slice(1)) {
      if (input === undefined) continue;
      next.inputs.push(undefined);
      graph.setInput(next, next.inputs.length - 1, input);
    }
    next.sources.push(...node.sources);
    next.steps += node.steps;
  }
  graph.compact();
}
