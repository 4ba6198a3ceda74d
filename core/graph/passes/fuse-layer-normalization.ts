// Layer normalisation written out: mean, difference, square, mean, + ε, root, quotient, factor, shift → one node.
import { soleConsumer, type WorkingGraph, type WorkingNode } from '../working-graph.ts';

/** Replaces the nodes of a layer normalisation by one. The graph is changed. */
export function fuseLayerNormalization(graph: WorkingGraph): void {
  for (const mean of graph.nodes) {
    if (mean.removed || mean.operator !== 'ReduceMean') continue;
    const parts = decomposed(mean);
    if (parts === undefined) continue;
    const last = parts.at(-1)!;
    const constants = [...parts.slice(-2)].map((part) => part.inputs.find((t) => t?.constant));
    const output = last.outputs[0]!;
    const x = mean.inputs[0];
    for (const part of parts) graph.remove(part);
    graph.add('LayerNormalization', [x, ...constants], [output], { sources: parts.flatMap((part) => part.sources) });
  }
  graph.sort();
}

function decomposed(mean: WorkingNode): WorkingNode[] | undefined {
  const difference = soleConsumer(mean.outputs[0]);
  if (difference?.operator !== 'Sub' || difference.inputs[0] !== mean.inputs[0]) return undefined;
  const readers = [...difference.outputs[0]!.consumers];
  const square = readers.find(
    (node) => node.operator === 'Pow' || (node.operator === 'Mul' && node.inputs[0] === node.inputs[1]),
  );
  const quotient = readers.find((node) => node.operator === 'Div');
  if (!square || !quotient) return undefined;
  const chain = [mean, difference, square];
  let at = square;
  for (const operator of ['ReduceMean', 'Add', 'Sqrt', 'Div']) {
    const next = soleConsumer(at.outputs[0]);
    if (next?.operator !== operator) return undefined;
    chain.push(next);
    at = next;
  }
  if (at !== quotient) return undefined;
  for (const operator of ['Mul', 'Add']) {
    const next = soleConsumer(at.outputs[0]);
    if (next?.operator !== operator || !next.inputs.some((t) => t?.constant)) return undefined;
    chain.push(next);
    at = next;
  }
  return chain;
}
