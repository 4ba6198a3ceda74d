// Operator graphs out of what is stated of them: tensors between nodes are inferred, and whatever follows from
// constants and shapes alone (the chains with which exporters compute shapes) becomes a constant.
import { infer } from './infer.ts';
import { isStandardDomain } from './inference/rules.ts';
import type { ConstantTensor, OperatorGraph, OperatorNode, Tensor } from './operator-graph.ts';
import type { SourceGraph, SourceNode } from './source-graph.ts';
import { withStructuralValues } from './structural-values.ts';

/** Shape and type of every output of every node, in the nodes' order.
 * @throws DomainError `unsupported-model`, `invalid-model` (see infer.ts) */
export function inferTensors(
  nodes: readonly OperatorNode[],
  inputs: readonly Tensor[],
  constants: readonly ConstantTensor[],
  opset: number,
): Tensor[] {
  const { known } = infer({ name: '', inputs, outputs: [], constants, nodes, declared: new Map() }, opset);
  return tensorsOf(nodes, known);
}

/** An operator graph of a graph whose inputs have their shapes. Nodes whose results are known values, constants that
 * nothing uses and values that are weights do not stay; nothing else is optimised.
 * @throws DomainError `unsupported-model`, `invalid-model` (see infer.ts) */
export function completeGraph(source: SourceGraph, opset: number): OperatorGraph {
  const { nodes, known } = infer(source, opset);
  const kept: OperatorNode[] = [];
  const made: ConstantTensor[] = [...source.constants];
  const given = new Set(source.constants.map((c) => c.name));
  for (const node of nodes) {
    const outputs = node.outputs.filter((name) => name !== '');
    if (isFolded(node, outputs, known)) made.push(...outputs.map((name) => ({ name, ...known.get(name)! })));
    else kept.push(plainNode(node));
  }
  // Branches that were taken bring constants of their own, by the names that they have in the whole.
  const madeNames = new Set([...made.map((c) => c.name), ...source.inputs.map((i) => i.name)]);
  for (const name of kept.flatMap((n) => n.outputs)) madeNames.add(name);
  for (const [name, tensor] of known) if (!madeNames.has(name) && !given.has(name)) made.push({ name, ...tensor });
  const used = new Set([...kept.flatMap((n) => n.inputs), ...source.outputs]);
  return {
    name: source.name,
    opset,
    inputs: source.inputs.map(({ name, type, shape }) => ({ name, type, shape })),
    outputs: source.outputs,
    constants: withStructuralValues(
      made.filter((c) => used.has(c.name)),
      kept,
    ),
    nodes: kept,
    tensors: tensorsOf(kept, known),
  };
}

type KnownTensors = ReturnType<typeof infer>['known'];

function isFolded(node: SourceNode, outputs: readonly string[], known: KnownTensors): boolean {
  if (isStandardDomain(node.domain) && ['Constant', 'ConstantOfShape'].includes(node.operator)) return true;
  return outputs.length > 0 && outputs.every((name) => known.get(name)!.values !== undefined);
}

function plainNode({ operator, domain, name, inputs, outputs, attributes }: SourceNode): OperatorNode {
  return {
    operator,
    ...(isStandardDomain(domain) ? {} : { domain: domain! }),
    ...(name ? { name } : {}),
    inputs,
    outputs,
    attributes,
  };
}

function tensorsOf(nodes: readonly OperatorNode[], known: KnownTensors): Tensor[] {
  return nodes.flatMap((node) =>
    node.outputs.flatMap((name) => {
      if (name === '') return [];
      const { type, shape } = known.get(name)!;
      return [{ name, type, shape }];
    }),
  );
}
