// Models of the zoo as ONNX files, written by an encoder that is not ours (compiled from the official onnx.proto3):
// what is read is the graph that was written, by its hash.
import { create, toBinary } from '@bufbuild/protobuf';
import {
  AttributeProtoSchema,
  AttributeProto_AttributeType as AttributeType,
  ModelProtoSchema,
  TensorProto_DataType as TensorType,
} from 'onnx-buf';
import { describe, expect, it } from 'vitest';
import { graphHash } from '#core/graph/graph-hash.ts';
import { bytesAsSource } from '#core/graph/onnx-file/byte-source.ts';
import type { Attribute, ConstantTensor, ElementType, OperatorGraph, Tensor } from '#core/graph/operator-graph.ts';
import { readOnnx } from '#core/graph/read-onnx.ts';
import { zooGraphs } from '../../../../fixtures/zoo.ts';

const types: Partial<Record<ElementType, TensorType>> = {
  float32: TensorType.FLOAT,
  int64: TensorType.INT64,
  bool: TensorType.BOOL,
};

/** Attributes that are floats also where the number is whole. */
const floats = new Set(['alpha', 'beta', 'epsilon', 'momentum', 'cubic_coeff_a']);

function attributeOf(name: string, value: Attribute) {
  if (typeof value === 'string') {
    return create(AttributeProtoSchema, { name, type: AttributeType.STRING, s: new TextEncoder().encode(value) });
  }
  if (typeof value === 'number') {
    return floats.has(name)
      ? create(AttributeProtoSchema, { name, type: AttributeType.FLOAT, f: value })
      : create(AttributeProtoSchema, { name, type: AttributeType.INT, i: BigInt(value) });
  }
  return create(AttributeProtoSchema, { name, type: AttributeType.INTS, ints: value.map(BigInt) });
}

function tensorOf({ name, type, shape, values }: ConstantTensor) {
  const dims = shape.map(BigInt);
  const dataType = types[type]!;
  if (values === undefined) return { name, dims, dataType };
  if (type === 'int64') return { name, dims, dataType, int64Data: values.map(BigInt) };
  return type === 'bool'
    ? { name, dims, dataType, int32Data: [...values] }
    : { name, dims, dataType, floatData: [...values] };
}

function valueInfoOf({ name, type, shape }: Tensor) {
  const dim = shape.map((d) => ({ value: { case: 'dimValue' as const, value: BigInt(d) } }));
  const value = { elemType: types[type]!, shape: { dim } };
  return { name, type: { value: { case: 'tensorType' as const, value } } };
}

function fileOf(graph: OperatorGraph): Uint8Array {
  const model = create(ModelProtoSchema, {
    irVersion: 8n,
    opsetImport: [{ domain: '', version: BigInt(graph.opset) }],
    graph: {
      name: graph.name,
      node: graph.nodes.map(({ operator, inputs, outputs, attributes }) => ({
        opType: operator,
        input: [...inputs],
        output: [...outputs],
        attribute: Object.entries(attributes).map(([name, value]) => attributeOf(name, value)),
      })),
      initializer: graph.constants.map(tensorOf),
      input: graph.inputs.map(valueInfoOf),
      output: graph.outputs.map((name) => ({ name })),
    },
  });
  return toBinary(ModelProtoSchema, model);
}

describe('a file of the zoo reads as its graph:', () => {
  const sample = zooGraphs().filter((_, i) => i % 8 === 0);
  it.each(sample.map((g) => [g.name, g] as const))('%s', async (_, graph) => {
    const read = await readOnnx(bytesAsSource(fileOf(graph)));
    expect(read.tensors).toEqual(graph.tensors);
    expect(graphHash(read)).toBe(graphHash(graph));
  });
});
