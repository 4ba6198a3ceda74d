// Models of data/zoo as ONNX files: without their weights, as anybody may have them, or with random ones, to be run.
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { operatorGraphSchema } from '#core/graph/graph-json.ts';
import type { Attribute, ConstantTensor, ElementType, OperatorGraph } from '#core/graph/operator-graph.ts';
import { bytesOf, type DataType, elementCount, type Initializer, type NodeAttribute } from '#core/onnx/model.ts';
import { encodeModel } from '#core/onnx/writer.ts';
import { seededRandom } from '#core/random.ts';

/** @param file one graph a line, as data/zoo/graphs.jsonl.gz has them */
export function readZoo(file: string | URL): OperatorGraph[] {
  const lines = gunzipSync(readFileSync(file)).toString('utf8').trimEnd().split('\n');
  return lines.map((line) => operatorGraphSchema.parse(JSON.parse(line)));
}

/** Bytes of the values of a constant that has none in the graph. */
export type Weights = (constant: ConstantTensor) => Uint8Array;

/** Of what is read, not run. */
export const noWeights: Weights = () => new Uint8Array(0);

/** Positive and near one where there is one axis (a normalisation's scale and variance are among these), else normal
 * noise that keeps a sum over its inputs near one; zeros for whole numbers, which are places in a table. They repeat
 * after 4,099 values: no kernel that is measured cares. */
export function randomWeights(seed: number): Weights {
  const random = seededRandom(seed);
  const pool = Float32Array.from({ length: 4099 }, () => random.normal());
  return ({ type, shape }) => {
    const count = elementCount(shape);
    if (type === 'int64') return new Uint8Array(8 * count);
    if (type === 'bool') return new Uint8Array(count);
    const scale = 1 / Math.sqrt(Math.max(1, count / (shape[0] ?? 1)));
    const value = (at: number): number => pool[at % pool.length]!;
    return bytesOf(
      Float32Array.from({ length: count }, (_, at) =>
        shape.length < 2 ? 0.5 + Math.min(1, Math.abs(value(at))) : scale * value(at),
      ),
    );
  };
}

/** Bytes of an ONNX file. @throws Error for a type of tensor that the writer does not have */
export function zooModelBytes(graph: OperatorGraph, weights: Weights): Uint8Array {
  const tensors = new Map(graph.tensors.map((tensor) => [tensor.name, tensor]));
  const value = ({ name, type, shape }: OperatorGraph['inputs'][number]) => ({ name, dataType: dataType(type), shape });
  return encodeModel(
    {
      name: graph.name,
      inputs: graph.inputs.map(value),
      outputs: graph.outputs.map((name) => value(tensors.get(name)!)),
      initializers: graph.constants.map((constant) => initializer(constant, weights)),
      nodes: graph.nodes.map(({ attributes, ...node }) => ({
        ...node,
        attributes: Object.fromEntries(Object.entries(attributes).map(([key, own]) => [key, attribute(key, own)])),
      })),
    },
    graph.opset,
  );
}

function dataType(type: ElementType): DataType {
  if (type === 'float32' || type === 'int64' || type === 'int32' || type === 'bool') return type;
  throw new Error(`a tensor of ${type} cannot be written`);
}

function initializer(constant: ConstantTensor, weights: Weights): Initializer {
  const { name, type, shape, values } = constant;
  const bytes = values === undefined ? weights(constant) : bytesOf(valuesOf(type, values));
  return { name, dataType: dataType(type), shape, bytes };
}

const valuesOf = (type: ElementType, values: readonly number[]) =>
  type === 'float32' ? Float32Array.from(values) : BigInt64Array.from(values, BigInt);

/** Attributes that ONNX's operators have as floats, also where the number is a whole one. */
const floats = new Set([
  ...['alpha', 'beta', 'epsilon', 'momentum', 'gamma', 'lambd', 'bias', 'min', 'max', 'value'],
  ...['cubic_coeff_a', 'extrapolation_value'],
]);

function attribute(name: string, value: Attribute): NodeAttribute {
  if (typeof value === 'string') return { string: value };
  if (typeof value === 'number')
    return Number.isInteger(value) && !floats.has(name) ? { int: value } : { float: value };
  return { ints: value as readonly number[] };
}
