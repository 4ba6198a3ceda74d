// Sum of two token maps, then layer normalisation → one node. A bias that was added to one of the two goes with it.
import { sameShape, type WorkingGraph, type WorkingNode, type WorkingTensor } from '../working-graph.ts';

/** Makes a sum and the layer normalisation after it one node. The graph is changed. */
export function fuseSkipNormalizations(graph: WorkingGraph): void {
  for (const node of [...graph.nodes]) {
    if (node.removed || node.operator !== 'LayerNormalization' || numberOfOutputs(node) !== 1) continue;
    const add = node.inputs[0]?.producer;
    if (add?.operator !== 'Add' || add.inputs.some((t) => t === undefined) || add.outputs[0]!.output) continue;
    const [a, b] = add.inputs as [WorkingTensor, WorkingTensor];
    if (a.shape.length !== 3 || !sameShape(a.shape, b.shape)) continue;
    const sum = add.outputs[0]!;
    if (sum.consumers.uses > 1) continue;
    const sources = [...add.sources, ...node.sources];
    const output = node.outputs[0]!;
    const inputs = [a, b, ...node.inputs.slice(1)];
    graph.remove(node);
    graph.remove(add);
    graph.add('SkipLayerNormalization', inputs, [output], { sources, domain: 'com.microsoft' });
  }
  graph.sort();
}

const numberOfOutputs = (node: WorkingNode): number => node.outputs.filter((t) => t !== undefined).length;
