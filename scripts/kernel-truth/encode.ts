// An operator graph → an ONNX file with random weights (seeded), for ONNX Runtime to optimise. The weights are small
// and none is zero, so that nothing is folded that a trained model would keep.
import { create, toBinary } from '@bufbuild/protobuf';
import {
  AttributeProto_AttributeType,
  AttributeProtoSchema,
  GraphProtoSchema,
  ModelProtoSchema,
  NodeProtoSchema,
  OperatorSetIdProtoSchema,
  TensorProtoSchema,
  TensorShapeProto_DimensionSchema,
  TensorShapeProtoSchema,
  TypeProto_TensorSchema,
  TypeProtoSchema,
  ValueInfoProtoSchema,
} from 'onnx-buf';
import type {
  Attribute,
  ConstantTensor,
  ElementType,
  OperatorGraph,
  OperatorNode,
  Tensor,
} from '#core/graph/operator-graph.ts';
import { bytesOfElement } from '#core/graph/operator-graph.ts';
import { type Random, seededRandom } from '#core/random.ts';
import { dataTypes } from './data-types.ts';

/** Attributes that are floats even where their value is a whole number. */
const floatAttributes = new Set(
  'alpha beta gamma epsilon momentum bias lambd max min ratio spatial_scale extrapolation_value cubic_coeff_a clip value_float'.split(
    ' ',
  ),
);

export function encodeWithWeights(graph: OperatorGraph, seed: number): Uint8Array {
  const draw = pool(seededRandom(seed));
  const variances = new Set(graph.nodes.filter((n) => n.operator === 'BatchNormalization').map((n) => n.inputs[4]));
  const domains = new Set(graph.nodes.flatMap((n) => (n.domain ? [n.domain] : [])));
  const model = create(ModelProtoSchema, {
    irVersion: 8n,
    producerName: 'sugarbush',
    graph: create(GraphProtoSchema, {
      name: graph.name,
      node: graph.nodes.map(nodeProto),
      initializer: graph.constants.map((c) => tensorProto(c, draw, variances.has(c.name))),
      input: graph.inputs.map(valueInfo),
      output: graph.outputs.map((name) => valueInfo([...graph.tensors, ...graph.inputs].find((t) => t.name === name)!)),
    }),
    opsetImport: [
      create(OperatorSetIdProtoSchema, { domain: '', version: BigInt(graph.opset) }),
      ...[...domains].map((domain) => create(OperatorSetIdProtoSchema, { domain, version: 1n })),
    ],
  });
  return toBinary(ModelProtoSchema, model);
}

function nodeProto(node: OperatorNode) {
  return create(NodeProtoSchema, {
    opType: node.operator,
    domain: node.domain ?? '',
    input: [...node.inputs],
    output: [...node.outputs],
    name: node.outputs[0] ?? '',
    attribute: Object.entries(node.attributes).map(([name, value]) => attributeProto(name, value)),
  });
}

function attributeProto(name: string, value: Attribute) {
  const type = AttributeProto_AttributeType;
  const text = new TextEncoder();
  if (typeof value === 'string')
    return create(AttributeProtoSchema, { name, type: type.STRING, s: text.encode(value) });
  const isFloat =
    floatAttributes.has(name) || [value].flat().some((v) => typeof v === 'number' && !Number.isInteger(v));
  if (typeof value === 'number') {
    return isFloat
      ? create(AttributeProtoSchema, { name, type: type.FLOAT, f: value })
      : create(AttributeProtoSchema, { name, type: type.INT, i: BigInt(value) });
  }
  const numbers = value.filter((v) => typeof v === 'number');
  if (numbers.length === value.length) {
    return isFloat
      ? create(AttributeProtoSchema, { name, type: type.FLOATS, floats: numbers })
      : create(AttributeProtoSchema, { name, type: type.INTS, ints: numbers.map(BigInt) });
  }
  const strings = value.filter((v) => typeof v === 'string').map((v) => text.encode(v));
  return create(AttributeProtoSchema, { name, type: type.STRINGS, strings });
}

function tensorProto(constant: ConstantTensor, draw: (count: number) => Float32Array, positive: boolean) {
  const count = constant.shape.reduce((product, d) => product * d, 1);
  const rawData = new Uint8Array(count * bytesOfElement[constant.type]);
  const { values } = constant;
  if (values) fill(rawData, constant.type, values);
  else if (constant.type === 'float32') {
    const numbers = new Float32Array(rawData.buffer);
    numbers.set(draw(count));
    if (positive) for (let i = 0; i < count; i++) numbers[i] = 1 + Math.abs(numbers[i]!);
  } else if (constant.type === 'int64') new BigInt64Array(rawData.buffer).fill(1n);
  else rawData.fill(1);
  return create(TensorProtoSchema, {
    name: constant.name,
    dims: constant.shape.map(BigInt),
    dataType: dataTypes[constant.type]!,
    rawData,
  });
}

function fill(bytes: Uint8Array<ArrayBuffer>, type: ElementType, values: readonly number[]): void {
  if (type === 'float32') new Float32Array(bytes.buffer).set(values);
  else if (type === 'float64') new Float64Array(bytes.buffer).set(values);
  else if (type === 'int64') new BigInt64Array(bytes.buffer).set(values.map(BigInt));
  else if (type === 'int32') new Int32Array(bytes.buffer).set(values);
  else bytes.set(values.map((v) => v & 255));
}

function valueInfo(tensor: Tensor) {
  const dim = tensor.shape.map((d) =>
    create(TensorShapeProto_DimensionSchema, { value: { case: 'dimValue', value: BigInt(d) } }),
  );
  return create(ValueInfoProtoSchema, {
    name: tensor.name,
    type: create(TypeProtoSchema, {
      value: {
        case: 'tensorType',
        value: create(TypeProto_TensorSchema, {
          elemType: dataTypes[tensor.type]!,
          shape: create(TensorShapeProtoSchema, { dim }),
        }),
      },
    }),
  });
}

/** Numbers in ±0.1 without 0, from a drawn pool: millions of weights in milliseconds. Each call starts elsewhere, so
 * that no two weights are equal by accident. */
function pool(random: Random): (count: number) => Float32Array {
  const size = 65_537;
  const drawn = Float32Array.from({ length: size }, () => (random.next() < 0.5 ? -1 : 1) * random.uniform(0.01, 0.1));
  let at = 0;
  return (count) => {
    const values = new Float32Array(count);
    for (let done = 0; done < count; ) {
      const part = drawn.subarray(at, at + Math.min(size - at, count - done));
      values.set(part, done);
      done += part.length;
      at = (at + part.length) % size;
    }
    at = (at + 1) % size;
    return values;
  };
}
