// Padding with zeros before a convolution or an average that counts them is the window's own padding.
import {
  elements,
  numberAttribute,
  numbersAttribute,
  scalarValue,
  soleConsumer,
  type WorkingGraph,
  type WorkingNode,
} from '../working-graph.ts';

const takers = new Set(['Conv', 'MaxPool', 'AveragePool']);

/** Makes padding with zeros part of the convolution or pool after it. The graph is changed. */
export function fusePads(graph: WorkingGraph): void {
  for (const node of graph.nodes) {
    if (node.removed || node.operator !== 'Pad') continue;
    const pads = numbersAttribute(node, 'pads') ?? node.inputs[1]?.values;
    const next = soleConsumer(node.outputs[0]);
    if (!pads || !next || !takers.has(next.operator) || next.inputs[0] !== node.outputs[0]) continue;
    if (!padsWithZeros(node) || pads.some((p) => p < 0)) continue;
    const rank = pads.length / 2;
    if (rank < 3 || pads[0] !== 0 || pads[1] !== 0 || pads[rank] !== 0 || pads[rank + 1] !== 0) continue;
    if ((next.attributes['auto_pad'] ?? 'NOTSET') !== 'NOTSET') continue;
    const space = rank - 2;
    const own = numbersAttribute(next, 'pads') ?? new Array<number>(2 * space).fill(0);
    if (next.operator === 'AveragePool' && numberAttribute(next, 'count_include_pad', 0) === 0 && elements(own) !== 0)
      continue;
    const added = [...pads.slice(2, rank), ...pads.slice(rank + 2)];
    next.attributes = { ...next.attributes, pads: own.map((p, i) => p + added[i]!) };
    next.sources.push(...node.sources);
    const input = node.inputs[0]!;
    graph.remove(node);
    graph.setInput(next, 0, input);
  }
  graph.compact();
}

function padsWithZeros(node: WorkingNode): boolean {
  if ((node.attributes['mode'] ?? 'constant') !== 'constant') return false;
  if (numbersAttribute(node, 'pads')) return numberAttribute(node, 'value', 0) === 0;
  // ONNX Runtime takes a value that is left out by an empty name, as PyTorch does, for one that it does not know. How
  // it is left out is no part of a graph: it may only be named.
  return scalarValue(node.inputs[2]) === 0;
}
