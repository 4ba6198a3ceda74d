// Drops nodes that do nothing: identities, dropout at inference, casts to the type that is there already, and slices, pads
// and reshapes that keep the shape.
import { sameShape, scalarValue, type WorkingGraph, type WorkingNode } from '../working-graph.ts';

export function dropIdentities(graph: WorkingGraph): void {
  for (const node of graph.nodes) {
    const input = node.inputs[0];
    if (node.removed || input === undefined || node.outputs[0] === undefined) continue;
    if (doesNothing(node)) graph.bypass(node, input);
  }
  graph.compact();
}

function doesNothing(node: WorkingNode): boolean {
  const [input, second] = node.inputs;
  const output = node.outputs[0]!;
  switch (node.operator) {
    case 'Identity':
      return true;
    case 'Dropout':
      return node.outputs[1] === undefined || node.outputs[1].consumers.length === 0;
    case 'Cast':
    case 'CastLike':
      return input!.type === output.type;
    case 'Add':
    case 'Sub':
      return scalarValue(second) === 0 && sameShape(input!.shape, output.shape);
    case 'Mul':
    case 'Div':
    case 'Pow':
      return scalarValue(second) === 1 && sameShape(input!.shape, output.shape);
    case 'Concat':
      return node.inputs.length === 1;
    case 'Slice':
      // A step of −1 keeps the shape and turns the order around.
      return sameShape(input!.shape, output.shape) && (node.inputs[4]?.values ?? []).every((step) => step > 0);
    case 'Expand':
    case 'Pad':
    case 'Tile':
    case 'Reshape':
    case 'Flatten':
      return sameShape(input!.shape, output.shape);
    default:
      return false;
  }
}
