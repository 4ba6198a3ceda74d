// Slices or single indices that together take a tensor apart along one axis → one split.
import { numberAttribute, type WorkingGraph, type WorkingNode, type WorkingTensor } from '../working-graph.ts';

interface Piece {
  readonly node: WorkingNode;
  readonly axis: number;
  readonly start: number;
  readonly end: number;
}

/** Replaces slices that take a tensor apart by one split. The graph is changed. */
export function fuseSplits(graph: WorkingGraph): void {
  for (const node of [...graph.nodes]) {
    // ONNX Runtime looks at the results of nodes that have just one.
    const output = node.outputs.length === 1 ? node.outputs[0] : undefined;
    if (!node.removed && output && !output.output && output.consumers.uses > 1) takeApart(graph, output);
  }
  graph.sort();
}

function takeApart(graph: WorkingGraph, input: WorkingTensor): void {
  const pieces: Piece[] = [];
  for (const reader of input.consumers) {
    const piece = pieceOf(reader, input);
    if (piece === undefined) continue;
    if (pieces[0] && pieces[0].axis !== piece.axis) return;
    pieces.push(piece);
  }
  if (pieces.length < 2) return;
  pieces.sort((a, b) => a.start - b.start);
  const axis = pieces[0]!.axis;
  let at = 0;
  for (const { start, end } of pieces) {
    if (start !== at) return;
    at = end;
  }
  if (at !== input.shape[axis]) return;
  const sources = pieces.flatMap(({ node }) => node.sources);
  const parts = pieces.map(({ node, start, end }) => {
    const output = node.outputs[0]!;
    graph.remove(node);
    if (node.operator === 'Slice') return output;
    const part = graph.tensor(output.type, input.shape.with(axis, end - start));
    graph.add('Squeeze', [part, graph.constant([axis])], [output], { sources: node.sources });
    return part;
  });
  const sizes = graph.constant(pieces.map(({ start, end }) => end - start));
  graph.add('Split', [input, sizes], parts, { sources, attributes: { axis } });
}

function pieceOf(node: WorkingNode, input: WorkingTensor): Piece | undefined {
  if (node.inputs[0] !== input || node.outputs[0]?.output) return undefined;
  const rank = input.shape.length;
  const [, first, second, axes, steps] = node.inputs;
  if (node.operator === 'Gather') {
    const index = first?.constant && first.shape.length === 0 ? first.values?.[0] : undefined;
    if (index === undefined) return undefined;
    const axis = (numberAttribute(node, 'axis', 0) + rank) % rank;
    const start = index < 0 ? index + input.shape[axis]! : index;
    return { node, axis, start, end: start + 1 };
  }
  if (node.operator !== 'Slice' || first?.values?.length !== 1 || second?.values?.length !== 1) return undefined;
  if (steps?.values?.some((step) => step !== 1)) return undefined;
  const axis = ((axes?.values?.[0] ?? 0) + rank) % rank;
  const size = input.shape[axis]!;
  const clip = (v: number): number => Math.max(0, Math.min(size, v < 0 ? v + size : v));
  return { node, axis, start: clip(first.values[0]!), end: clip(second.values[0]!) };
}
