// Drops nodes that do nothing: identities, dropout at inference, casts to the type that is there already, and slices,
// pads and reshapes that keep the shape.
import { sameShape, scalarValue, type WorkingGraph, type WorkingNode, type WorkingTensor } from '../working-graph.ts';

export interface IdentityOptions {
  /** Leave reshapes, pads, tiles and slices that happen to keep the shape: a runtime that does not look at shapes. */
  readonly byKindOnly: boolean;
}

/** Removes nodes that give what they are given. The graph is changed. */
export function dropIdentities(graph: WorkingGraph, options: IdentityOptions): void {
  for (const node of graph.nodes) {
    const input = node.inputs[0];
    if (node.removed || input === undefined || node.outputs[0] === undefined) continue;
    const kept = neutral(node) ?? (doesNothing(node, options.byKindOnly) ? input : undefined);
    if (kept) graph.bypass(node, kept);
  }
  graph.compact();
}

/** The other operand of a sum with 0 or a product with 1. */
function neutral(node: WorkingNode): WorkingTensor | undefined {
  if (node.operator !== 'Add' && node.operator !== 'Mul') return undefined;
  const [a, b] = node.inputs;
  const value = node.operator === 'Add' ? 0 : 1;
  const shape = node.outputs[0]!.shape;
  if (scalarValue(b) === value && a && sameShape(a.shape, shape)) return a;
  return scalarValue(a) === value && b && sameShape(b.shape, shape) ? b : undefined;
}

function doesNothing(node: WorkingNode, byKindOnly: boolean): boolean {
  const [input, second] = node.inputs;
  const output = node.outputs[0]!;
  switch (node.operator) {
    case 'Identity':
      return true;
    case 'Dropout':
      return node.outputs[1] === undefined || node.outputs[1].consumers.uses === 0;
    case 'Cast':
    case 'CastLike':
      return input!.type === output.type;
    case 'Sub':
      return scalarValue(second) === 0 && sameShape(input!.shape, output.shape);
    case 'Div':
    case 'Pow':
      return scalarValue(second) === 1 && sameShape(input!.shape, output.shape);
    case 'Concat':
      return !byKindOnly && node.inputs.length === 1;
    case 'Slice':
      if (byKindOnly && !takesAll(node)) return false;
      // A step of −1 keeps the shape and turns the order around.
      return sameShape(input!.shape, output.shape) && (node.inputs[4]?.values ?? []).every((step) => step > 0);
    case 'Expand':
      return sameShape(input!.shape, output.shape);
    case 'Pad':
    case 'Tile':
    case 'Reshape':
    case 'Flatten':
      return !byKindOnly && sameShape(input!.shape, output.shape);
    default:
      return false;
  }
}

/** From 0 to the end of integers. */
function takesAll(node: WorkingNode): boolean {
  const starts = node.inputs[1]?.values;
  const ends = node.inputs[2]?.values;
  return starts?.every((v) => v === 0) === true && ends?.every((v) => v <= 0 || v >= 2 ** 31 - 1) === true;
}
