// The graph that ONNX Runtime wrote after optimising → facts of each node. The file has no shapes: they are inferred
// anew, and those of blocked tensors propagated from the reorders and convolutions that make them.
import { fromBinary } from '@bufbuild/protobuf';
import { type GraphProto, ModelProtoSchema, type NodeProto, type TensorProto } from 'onnx-buf';
import type { Known } from '#core/graph/inference/known.ts';
import { NodeContext } from '#core/graph/inference/node-context.ts';
import { ruleOf } from '#core/graph/inference/rules.ts';
import type { Attribute, ElementType } from '#core/graph/operator-graph.ts';
import { blockedOutput } from './blocked-shapes.ts';
import { dataTypes } from './data-types.ts';
import type { NodeFacts } from './facts.ts';

/** The runtime's own names for nodes with something fused. */
const plainNames: Readonly<Record<string, string>> = { FusedConv: 'Conv', FusedGemm: 'Gemm' };

const typeNames = new Map(Object.entries(dataTypes).map(([name, number]) => [number, name as ElementType]));

/** @param block channels in a block on the machine that optimised
 * @throws Error that names a node whose shapes cannot be known */
export function readOptimised(bytes: Uint8Array, block: number): readonly NodeFacts[] {
  const model = fromBinary(ModelProtoSchema, bytes);
  const graph = model.graph!;
  const opset = Number(model.opsetImport.find(({ domain }) => domain === '' || domain === 'ai.onnx')?.version ?? 17);
  const known = leaves(graph);
  const blocked = new Set<string>();
  return graph.node.map((node) => factsOfNode(node, known, blocked, { opset, block }));
}

function leaves(graph: GraphProto): Map<string, Known> {
  const known = new Map<string, Known>();
  for (const { name, type } of graph.input) {
    if (type?.value.case !== 'tensorType') continue;
    const { elemType, shape } = type.value.value;
    const dims = shape?.dim.map((d) => (d.value.case === 'dimValue' ? Number(d.value.value) : -1)) ?? [];
    known.set(name, { type: typeNames.get(elemType)!, shape: dims });
  }
  for (const tensor of graph.initializer) known.set(tensor.name, constant(tensor));
  return known;
}

/** With its values where they are few. */
function constant(tensor: TensorProto): Known {
  const shape = tensor.dims.map(Number);
  const type = typeNames.get(tensor.dataType)!;
  const count = shape.reduce((product, d) => product * d, 1);
  if (count > 64) return { type, shape };
  const { rawData } = tensor;
  const aligned = new Uint8Array(rawData).buffer;
  if (type === 'int64') {
    const values = rawData.length > 0 ? new BigInt64Array(aligned) : tensor.int64Data;
    return { type, shape, values: Array.from(values, Number) };
  }
  if (type === 'float32') {
    return { type, shape, values: [...(rawData.length > 0 ? new Float32Array(aligned) : tensor.floatData)] };
  }
  if (type === 'int32') {
    return { type, shape, values: [...(rawData.length > 0 ? new Int32Array(aligned) : tensor.int32Data)] };
  }
  return { type, shape };
}

function attributesOf(node: NodeProto): Record<string, Attribute> {
  const text = new TextDecoder();
  const attributes: Record<string, Attribute> = {};
  for (const a of node.attribute) {
    if (a.ints.length > 0) attributes[a.name] = a.ints.map(Number);
    else if (a.floats.length > 0) attributes[a.name] = [...a.floats];
    else if (a.s.length > 0) attributes[a.name] = text.decode(a.s);
    else attributes[a.name] = a.f === 0 ? Number(a.i) : a.f;
  }
  return attributes;
}

function factsOfNode(
  node: NodeProto,
  known: Map<string, Known>,
  blocked: Set<string>,
  { opset, block }: { opset: number; block: number },
): NodeFacts {
  const attributes = attributesOf(node);
  const isBlocked = node.domain.endsWith('nchwc') || node.input.some((name) => blocked.has(name));
  const inputs = node.input.map((name) => (name === '' ? undefined : known.get(name)));
  let outputs: readonly Known[];
  if (isBlocked) {
    outputs = [blockedOutput(node.opType, inputs, attributes, block)];
    if (node.opType !== 'ReorderOutput') for (const name of node.output) blocked.add(name);
  } else {
    const source = {
      operator: node.opType,
      inputs: node.input,
      outputs: node.output,
      attributes,
    };
    const rule = ruleOf(node.opType, node.domain);
    if (rule === undefined) throw new Error(`${node.domain}:${node.opType}: no rule for its shapes`);
    outputs = rule(new NodeContext(source, opset, inputs, { elements: 1e6 }, `node ${node.name} (${node.opType})`));
  }
  for (const [i, name] of node.output.entries()) if (name !== '' && outputs[i]) known.set(name, outputs[i]);
  const isConvolution = node.opType.includes('Conv');
  const isQuantised = node.opType.startsWith('QLinear');
  const weight = inputs[isQuantised ? 3 : 1]?.shape ?? [];
  const numbers = (name: string): readonly number[] => (attributes[name] as readonly number[] | undefined) ?? [];
  return {
    operator: plainNames[node.opType] ?? node.opType,
    activation: String(attributes['activation'] ?? ''),
    addends: isConvolution && !isQuantised && inputs[3] !== undefined ? 1 : 0,
    blocked: isBlocked,
    input: inputs[0]?.shape ?? [],
    output: outputs[node.output.findIndex((name) => name !== '')]?.shape ?? [],
    window: isConvolution ? weight.slice(2) : numbers('kernel_shape'),
    strides: numbers('strides'),
    dilations: numbers('dilations'),
    groups: Number(attributes['group'] ?? 1),
  };
}
