// Operators that a runtime has no kernel for and replaces by their definition (ONNX's function bodies).
import type { WorkingGraph } from '../working-graph.ts';

/** Hard swish → hard sigmoid and product. */
export function expandHardSwish(graph: WorkingGraph): void {
  let changed = false;
  for (const node of graph.nodes) {
    if (node.operator !== 'HardSwish' || node.domain !== '') continue;
    const x = node.inputs[0]!;
    const y = node.outputs[0]!;
    graph.remove(node);
    const open = graph.tensor(x.type, x.shape);
    const { sources } = node;
    graph.add('HardSigmoid', [x], [open], { sources, attributes: { alpha: 1 / 6, beta: 0.5 } });
    graph.add('Mul', [x, open], [y], { sources });
    changed = true;
  }
  if (changed) graph.sort();
}
