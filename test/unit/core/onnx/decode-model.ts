// Reads ONNX bytes with onnx-buf (compiled from the official onnx.proto3, independent of our writer) back into plain
// data. Anything in the file that a GraphDef cannot say is an error.
import { fromBinary, type Message } from '@bufbuild/protobuf';
import {
  type AttributeProto,
  AttributeProto_AttributeType as AttributeType,
  type GraphProto,
  type ModelProto,
  ModelProtoSchema,
  type NodeProto,
  type TensorProto,
  TensorProto_DataType as TensorType,
  type ValueInfoProto,
} from 'onnx-buf';
import type { DataType, GraphDef, NodeAttribute, NodeDef, TensorData, ValueDef } from '#core/onnx/model.ts';

export const decodeModel = (bytes: Uint8Array): ModelProto => fromBinary(ModelProtoSchema, bytes);

const dataTypes: ReadonlyMap<TensorType, DataType> = new Map([
  [TensorType.FLOAT, 'float32'],
  [TensorType.INT32, 'int32'],
  [TensorType.INT64, 'int64'],
  [TensorType.BOOL, 'bool'],
  [TensorType.DOUBLE, 'float64'],
]);

function dataTypeOf(number: TensorType): DataType {
  const known = dataTypes.get(number);
  if (!known) throw new Error(`data type ${number}`);
  return known;
}

/** Fields that hold something, by name; the message must have no others than `allowed`, and none unknown to ONNX. */
function assertOnly(message: Message, allowed: readonly string[]): void {
  const used = Object.entries<unknown>({ ...message }).filter(([, value]) => {
    if (value === undefined || value === '' || value === 0 || value === 0n) return false;
    return !((Array.isArray(value) || value instanceof Uint8Array) && value.length === 0);
  });
  const extra = used.map(([name]) => name).filter((name) => name !== '$typeName' && !allowed.includes(name));
  if (extra.length > 0) throw new Error(`${message.$typeName} has ${extra.join(', ')}`);
}

export function graphOf(graph: GraphProto): GraphDef {
  assertOnly(graph, ['node', 'name', 'initializer', 'input', 'output']);
  return {
    name: graph.name,
    nodes: graph.node.map(nodeOf),
    inputs: graph.input.map(valueInfoOf),
    outputs: graph.output.map(valueInfoOf),
    initializers: graph.initializer.map((tensor) => ({ name: tensor.name, ...tensorOf(tensor) })),
  };
}

function nodeOf(node: NodeProto): NodeDef {
  assertOnly(node, ['input', 'output', 'name', 'opType', 'attribute', 'domain']);
  if (node.name !== (node.output[0] ?? node.opType)) throw new Error(`node is named ${node.name}`);
  return {
    operator: node.opType,
    ...(node.domain === '' ? {} : { domain: node.domain }),
    inputs: node.input,
    outputs: node.output,
    ...(node.attribute.length === 0
      ? {}
      : { attributes: Object.fromEntries(node.attribute.map((a) => [a.name, attributeOf(a)])) }),
  };
}

function attributeOf(attribute: AttributeProto): NodeAttribute {
  const only = (field: string) => assertOnly(attribute, ['name', 'type', field]);
  switch (attribute.type) {
    case AttributeType.FLOAT:
      only('f');
      return { float: attribute.f };
    case AttributeType.INT:
      only('i');
      return { int: Number(attribute.i) };
    case AttributeType.STRING:
      only('s');
      return { string: new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(attribute.s) };
    case AttributeType.INTS:
      only('ints');
      return { ints: attribute.ints.map(Number) };
    case AttributeType.TENSOR:
      only('t');
      return { tensor: tensorOf(attribute.t!) };
    case AttributeType.GRAPH:
      only('g');
      return { graph: graphOf(attribute.g!) };
    default:
      throw new Error(`attribute type ${attribute.type}`);
  }
}

function tensorOf(tensor: TensorProto): TensorData {
  assertOnly(tensor, ['dims', 'dataType', 'name', 'rawData']);
  return { dataType: dataTypeOf(tensor.dataType), shape: tensor.dims.map(Number), bytes: tensor.rawData };
}

function valueInfoOf(value: ValueInfoProto): ValueDef {
  assertOnly(value, ['name', 'type']);
  const type = value.type!.value;
  if (type.case !== 'tensorType') throw new Error(`value of kind ${type.case}`);
  const shape = type.value.shape!.dim.map(({ value: d }) => {
    if (d.case === 'dimValue') return Number(d.value);
    if (d.case === 'dimParam') return d.value;
    throw new Error('a dimension without a value');
  });
  return { name: value.name, dataType: dataTypeOf(type.value.elemType), shape };
}
