// From a file's graph to the graph that shapes are inferred on.
import { elementTypeOfNumber } from '../element-type-number.ts';
import { withoutTrailing } from '../graph-hash.ts';
import { graphLimits } from '../graph-json.ts';
import type { Attribute, ElementType } from '../operator-graph.ts';
import type { SourceGraph, SourceNode, TensorAttribute } from '../source-graph.ts';
import { finite } from '../structural-values.ts';
import type { Bound } from './bind-dimensions.ts';
import type { FileGraph, FileNode } from './file-model.ts';
import { orderNodes } from './order-nodes.ts';
import { tooLarge } from './wire-cursor.ts';

/** The graph of a file with its open dimensions bound, nodes in an order in which they can run.
 * @throws DomainError `invalid-model` */
export function sourceGraphOf(graph: FileGraph, { inputs, lengths }: Bound): SourceGraph {
  const nodes = orderNodes(graph.nodes).map((node) => sourceNodeOf(node, lengths));
  const declared = new Map<string, { type: ElementType; shape: readonly number[] }>();
  for (const { name, elementType, shape } of [...graph.values, ...graph.outputs]) {
    const type = elementType === undefined ? undefined : elementTypeOfNumber(elementType);
    const bound = shape?.map((d) => (typeof d === 'string' ? lengths.get(d) : d));
    if (type && bound?.every((d) => d !== undefined)) declared.set(name, { type, shape: bound });
  }
  return {
    name: graph.name,
    inputs,
    outputs: graph.outputs.map((o) => o.name),
    constants: graph.constants,
    nodes,
    declared,
  };
}

function sourceNodeOf(node: FileNode, lengths: Bound['lengths']): SourceNode {
  const attributes: Record<string, Attribute> = {};
  const tensors: Record<string, TensorAttribute> = {};
  const bodies: Record<string, SourceGraph> = {};
  for (const { name, value, tensor, body } of node.attributes) {
    if (tensor) tensors[name] = tensor;
    // A branch has no inputs; what it captures it names.
    else if (body) bodies[name] = sourceGraphOf(body, { inputs: [], lengths });
    else if (value !== undefined) attributes[name] = plain(value, name, node);
  }
  return {
    operator: node.operator,
    ...(node.domain ? { domain: node.domain } : {}),
    ...(node.name ? { name: node.name } : {}),
    inputs: withoutTrailing(node.inputs),
    outputs: withoutTrailing(node.outputs),
    attributes,
    ...(Object.keys(tensors).length > 0 ? { tensors } : {}),
    ...(Object.keys(bodies).length > 0 ? { bodies } : {}),
    ...(node.opset === undefined ? {} : { opset: node.opset }),
  };
}

function plain(value: Attribute, name: string, node: FileNode): Attribute {
  if (typeof value === 'number') return finite(value);
  if (typeof value === 'string' || value.length === 0 || typeof value[0] === 'string') return value;
  const numbers = (value as readonly number[]).map(finite);
  const fractions = numbers.length > graphLimits.fractions && numbers.some((v) => !Number.isInteger(v));
  if (fractions && node.operator !== 'Constant') {
    tooLarge(`${node.operator} has an attribute ${name} of ${numbers.length} fractions`);
  }
  return numbers;
}
