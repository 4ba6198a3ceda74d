// The identity of an operator graph: what it computes and in which shapes, whatever its tensors and nodes are called
// and in whichever order a file lists them.
import { createHash } from 'node:crypto';
import { canonicalJson } from '#core/text/canonical-json.ts';
import type { Attribute, OperatorGraph, OperatorNode, Tensor } from './operator-graph.ts';

/** SHA-256, hex, of a canonical form: inputs by position, then nodes in the order in which the outputs, one after the
 * other, need them, then nodes that no output needs, as listed. Tensors are numbered when they are first met.
 * Attributes that are stated and ones that are left to their default differ. Fractions are those of float32, as files
 * hold them. */
export function graphHash(graph: OperatorGraph): string {
  const hash = createHash('sha256');
  const numbers = new Map<string, number>([['', -1]]);
  const constants = new Map(graph.constants.map((c) => [c.name, c]));
  const tensors = new Map(graph.tensors.map((t) => [t.name, t]));
  const write = (line: object) => hash.update(`${canonicalJson(line)}\n`);
  const number = (name: string): number => {
    const known = numbers.get(name);
    if (known !== undefined) return known;
    numbers.set(name, numbers.size);
    const constant = constants.get(name);
    if (constant) write({ constant: content(constant), values: constant.values?.map(asFloat32) });
    return numbers.get(name)!;
  };
  write({ opset: graph.opset, inputs: graph.inputs.map(content) });
  for (const input of graph.inputs) number(input.name);
  for (const node of inOrderOfUse(graph)) {
    write({
      operator: node.operator,
      domain: node.domain,
      inputs: withoutTrailing(node.inputs).map(number),
      outputs: withoutTrailing(node.outputs).map(number),
      shapes: withoutTrailing(node.outputs).map((name) => (tensors.has(name) ? content(tensors.get(name)!) : null)),
      attributes: Object.fromEntries(
        Object.entries(node.attributes).map(([key, value]) => [key, attributeContent(value)]),
      ),
    });
  }
  write({ outputs: graph.outputs.map(number) });
  return hash.digest('hex');
}

/** Optional tensors at the end may be named '' or not at all: one form for both. */
export function withoutTrailing(names: readonly string[]): readonly string[] {
  return names.slice(0, names.findLastIndex((name) => name !== '') + 1);
}

/** A number as a file holds it: integers as they are, fractions of float32. */
export function asFloat32(value: number): number {
  return Number.isInteger(value) ? value : Math.fround(value);
}

/** An attribute with its fractions as files hold them. */
export function attributeContent(value: Attribute): Attribute {
  if (typeof value === 'number') return asFloat32(value);
  if (typeof value === 'string' || typeof value[0] !== 'number') return value;
  return (value as readonly number[]).map(asFloat32);
}

function content({ type, shape }: Tensor): Omit<Tensor, 'name'> {
  return { type, shape };
}

/** The nodes in the order in which the outputs, one after the other, need them, then those that no output needs, as
 * listed. */
export function inOrderOfUse(graph: OperatorGraph): OperatorNode[] {
  const makers = new Map<string, OperatorNode>();
  for (const node of graph.nodes) for (const name of node.outputs) makers.set(name, node);
  const ordered: OperatorNode[] = [];
  const met = new Set<OperatorNode>();
  const visit = (root: OperatorNode): void => {
    const stack = [{ node: root, next: 0 }];
    met.add(root);
    for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
      if (top.next === top.node.inputs.length) {
        ordered.push(top.node);
        stack.pop();
        continue;
      }
      const maker = makers.get(top.node.inputs[top.next++]!);
      if (maker === undefined || met.has(maker)) continue;
      met.add(maker);
      stack.push({ node: maker, next: 0 });
    }
  };
  for (const name of graph.outputs) {
    const maker = makers.get(name);
    if (maker && !met.has(maker)) visit(maker);
  }
  for (const node of graph.nodes) if (!met.has(node)) visit(node);
  return ordered;
}
