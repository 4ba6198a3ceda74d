// `node scripts/write-example-model.ts NAME FILE`: a model of the zoo as an ONNX file without its weights: what
// `sugarbush predict` reads of any ONNX file, in some kilobytes. ONNX Runtime does not run it.
import { readFile, writeFile } from 'node:fs/promises';
import { gunzipSync } from 'node:zlib';
import type { Attribute, ConstantTensor, ElementType, OperatorGraph } from '#core/graph/operator-graph.ts';
import { bytesOf, type DataType, type Initializer, type NodeAttribute } from '#core/onnx/model.ts';
import { encodeModel } from '#core/onnx/writer.ts';

function dataType(type: ElementType): DataType {
  if (type === 'float32' || type === 'int64' || type === 'int32' || type === 'bool') return type;
  throw new Error(`a tensor of ${type} cannot be written`);
}

function initializer({ name, type, shape, values }: ConstantTensor): Initializer {
  const bytes = values === undefined ? new Uint8Array(0) : bytesOf(valuesOf(type, values));
  return { name, dataType: dataType(type), shape, bytes };
}

const valuesOf = (type: ElementType, values: readonly number[]) =>
  type === 'float32' ? Float32Array.from(values) : BigInt64Array.from(values, BigInt);

/** Attributes that ONNX's operators have as floats, also where the number is a whole one. */
const floats = new Set(['alpha', 'beta', 'epsilon', 'momentum', 'gamma', 'lambd', 'bias', 'min', 'max', 'value']);

function attribute(name: string, value: Attribute): NodeAttribute {
  if (typeof value === 'string') return { string: value };
  if (typeof value === 'number')
    return Number.isInteger(value) && !floats.has(name) ? { int: value } : { float: value };
  return { ints: value as readonly number[] };
}

function encode(graph: OperatorGraph): Uint8Array {
  const tensors = new Map(graph.tensors.map((tensor) => [tensor.name, tensor]));
  const value = ({ name, type, shape }: OperatorGraph['inputs'][number]) => ({ name, dataType: dataType(type), shape });
  return encodeModel(
    {
      name: graph.name,
      inputs: graph.inputs.map(value),
      outputs: graph.outputs.map((name) => value(tensors.get(name)!)),
      initializers: graph.constants.map(initializer),
      nodes: graph.nodes.map(({ attributes, ...node }) => ({
        ...node,
        attributes: Object.fromEntries(Object.entries(attributes).map(([key, own]) => [key, attribute(key, own)])),
      })),
    },
    graph.opset,
  );
}

const [name, file] = process.argv.slice(2);
if (name === undefined || file === undefined) throw new Error('usage: node scripts/write-example-model.ts NAME FILE');
const zoo = gunzipSync(await readFile(new URL('../data/zoo/graphs.jsonl.gz', import.meta.url))).toString();
const graphs = zoo
  .trimEnd()
  .split('\n')
  .map((line) => JSON.parse(line) as OperatorGraph);
const found = graphs.find((graph) => graph.name === name);
if (found === undefined) throw new Error(`the zoo has no model ${name}`);
await writeFile(file, encode(found));
