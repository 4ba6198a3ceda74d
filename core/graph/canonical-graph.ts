// One graph for all that are called the same by graphHash: the names that people gave are gone, what nothing uses is
// gone, and nodes stand in the order in which they are needed.
import { asFloat32, attributeContent, inOrderOfUse, withoutTrailing } from './graph-hash.ts';
import type { ConstantTensor, OperatorGraph, OperatorNode, Tensor } from './operator-graph.ts';

export interface CanonicalGraph {
  /** Tensors are `t0`, `t1`, … in the order in which they are met; graph and nodes have no names. */
  readonly graph: OperatorGraph;
  /** For each of its nodes the index of the same one in the graph that it was made of. */
  readonly sources: readonly number[];
}

/** The canonical form of an operator graph: equal, to the byte of its JSON, for graphs of the same hash. It has that
 * hash too, and is its own canonical form. */
export function canonicalGraph(graph: OperatorGraph): CanonicalGraph {
  const names = new Map<string, string>([['', '']]);
  const given = new Map(graph.constants.map((constant) => [constant.name, constant]));
  const described = new Map(graph.tensors.map((tensor) => [tensor.name, tensor]));
  const constants: ConstantTensor[] = [];
  const tensors: Tensor[] = [];
  const rename = (name: string): string => {
    const known = names.get(name);
    if (known !== undefined) return known;
    const own = `t${names.size - 1}`;
    names.set(name, own);
    const constant = given.get(name);
    const tensor = described.get(name);
    if (constant !== undefined) constants.push(constantOf(own, constant));
    else if (tensor !== undefined) tensors.push(tensorOf(own, tensor));
    return own;
  };
  const inputs = graph.inputs.map((input) => tensorOf(rename(input.name), input));
  const ordered = inOrderOfUse(graph);
  const nodes = ordered.map(
    (node): OperatorNode => ({
      operator: node.operator,
      ...(node.domain !== undefined && { domain: node.domain }),
      inputs: withoutTrailing(node.inputs).map(rename),
      outputs: withoutTrailing(node.outputs).map(rename),
      attributes: Object.fromEntries(
        Object.keys(node.attributes)
          .sort()
          .map((key) => [key, attributeContent(node.attributes[key]!)]),
      ),
    }),
  );
  const outputs = graph.outputs.map(rename);
  const indices = new Map(graph.nodes.map((node, index) => [node, index]));
  return {
    graph: { name: '', opset: graph.opset, inputs, outputs, constants, nodes, tensors },
    sources: ordered.map((node) => indices.get(node)!),
  };
}

const tensorOf = (name: string, { type, shape }: Tensor): Tensor => ({ name, type, shape });

const constantOf = (name: string, { type, shape, values }: ConstantTensor): ConstantTensor => ({
  name,
  type,
  shape,
  ...(values !== undefined && { values: values.map(asFloat32) }),
});
