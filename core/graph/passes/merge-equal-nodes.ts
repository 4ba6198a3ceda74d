// Common subexpressions: nodes with equal operators, attributes and inputs are computed once.
import type { WorkingGraph, WorkingNode } from '../working-graph.ts';

const neverEqual = new Set(
  'RandomNormal RandomUniform RandomNormalLike RandomUniformLike Bernoulli Multinomial'.split(' '),
);

/** Merges nodes that compute the same from the same. The graph is changed. */
export function mergeEqualNodes(graph: WorkingGraph): void {
  const known = new Map<string, WorkingNode>();
  for (const node of graph.nodes) {
    if (neverEqual.has(node.operator) || node.outputs.some((t) => t?.output)) continue;
    const key = keyOf(node);
    const first = known.get(key);
    if (first === undefined) {
      known.set(key, node);
      continue;
    }
    if (first.outputs.length !== node.outputs.length) continue;
    graph.remove(node);
    for (const [i, output] of node.outputs.entries()) if (output) graph.replaceUses(output, first.outputs[i]!);
    first.sources.push(...node.sources);
  }
  graph.compact();
}

/** Small constants of the graph are equal when their values are, all others when they are the same tensor. */
function keyOf(node: WorkingNode): string {
  let key = `${node.operator}|${node.activation ?? ''}`;
  for (const input of node.inputs) {
    if (input === undefined) key += '|';
    else if (input.constant && input.values && !input.made) key += `|${input.type}[${input.shape}]${input.values}`;
    else key += `|${input.id}`;
  }
  for (const name in node.attributes) key += `|${name}=${node.attributes[name]}`;
  return key;
}
