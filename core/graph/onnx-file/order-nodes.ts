// ONNX wants nodes in an order in which inputs are made before they are used. Runtimes are lenient and sort; so is
// this.
import { DomainError } from '#core/errors.ts';
import { quoteText } from '#core/text/quote-text.ts';
import type { FileGraph, FileNode } from './file-model.ts';

/** The nodes as they are if they are in order, else sorted, each as early as its inputs allow.
 * @throws DomainError `invalid-model` where nodes need each other */
export function orderNodes(nodes: readonly FileNode[]): readonly FileNode[] {
  const makers = new Map<string, number>();
  nodes.forEach((node, i) => {
    for (const name of node.outputs) if (name !== '') makers.set(name, i);
  });
  const needs = nodes.map((node) => {
    const used = [...node.inputs, ...node.attributes.flatMap((a) => (a.body ? [...captured(a.body)] : []))];
    return used.flatMap((name) => makers.get(name) ?? []);
  });
  if (needs.every((makersOfNode, i) => makersOfNode.every((m) => m < i))) return nodes;
  const state = new Uint8Array(nodes.length);
  const ordered: FileNode[] = [];
  const [untouched, open, done] = [0, 1, 2];
  nodes.forEach((_, root) => {
    if (state[root] !== untouched) return;
    const stack = [{ index: root, next: 0 }];
    state[root] = open;
    for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
      const need = needs[top.index]![top.next++];
      if (need === undefined) {
        state[top.index] = done;
        ordered.push(nodes[top.index]!);
        stack.pop();
      } else if (state[need] === open) {
        const { operator, outputs } = nodes[need]!;
        const what = `${quoteText(operator)} that makes ${quoteText(outputs[0] ?? '')}`;
        throw new DomainError('invalid-model', `nodes need each other in a circle, among them the ${what}`);
      } else if (state[need] === untouched) {
        state[need] = open;
        stack.push({ index: need, next: 0 });
      }
    }
  });
  return ordered;
}

/** Names that a body uses and does not make. */
function captured(body: FileGraph): Set<string> {
  const used = new Set(body.outputs.map((o) => o.name));
  for (const node of body.nodes) {
    for (const name of node.inputs) used.add(name);
    for (const { body: inner } of node.attributes) if (inner) for (const name of captured(inner)) used.add(name);
  }
  for (const { name } of [...body.inputs, ...body.constants]) used.delete(name);
  for (const node of body.nodes) for (const name of node.outputs) used.delete(name);
  return used;
}
