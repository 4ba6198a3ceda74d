// A described network with random weights, as the ONNX model that the agent measures: the shapes are the network's, the
// values are noise of a sane size. The same description and seed give the same bytes.
import type { Attribute, ConstantTensor, OperatorNode } from '#core/graph/operator-graph.ts';
import {
  bytesOf,
  elementCount,
  type NodeAttribute as FileAttribute,
  type GraphDef,
  type Initializer,
  type NodeDef,
} from '#core/onnx/model.ts';
import { encodeModel } from '#core/onnx/writer.ts';
import { type Random, seededRandom } from '#core/random.ts';
import type { Fill, Network } from './network.ts';

/** A network whose weights are described and not drawn. */
export type DescribedNetwork = Pick<Network, 'graph' | 'fills'>;

/** Bytes of an ONNX file. */
export function modelBytes(network: DescribedNetwork, seed: number): Uint8Array {
  return encodeModel(withWeights(network, seed), network.graph.opset);
}

/** The network as an ONNX graph with random weights, the same for the same seed. */
export function withWeights(network: DescribedNetwork, seed: number): GraphDef {
  const { graph, fills } = network;
  const draw = noise(seededRandom(seed));
  const shapes = new Map(graph.tensors.map((tensor) => [tensor.name, tensor.shape]));
  return {
    name: graph.name,
    nodes: graph.nodes.map(fileNode),
    initializers: graph.constants.map((constant, i) => initializer(constant, fills[i], draw)),
    inputs: graph.inputs.map(({ name, shape }) => ({ name, dataType: 'float32', shape })),
    outputs: graph.outputs.map((name) => ({ name, dataType: 'float32', shape: shapes.get(name)! })),
  };
}

type Draw = (count: number, fill: Fill) => Float32Array;

function initializer({ name, shape, type, values }: ConstantTensor, fill: Fill | undefined, draw: Draw): Initializer {
  if (fill !== undefined) {
    return { name, shape, dataType: 'float32', bytes: bytesOf(draw(elementCount(shape), fill)) };
  }
  if (type === 'int64') return { name, shape, dataType: 'int64', bytes: bytesOf(BigInt64Array.from(values!, BigInt)) };
  return { name, shape, dataType: 'float32', bytes: bytesOf(Float32Array.from(values!)) };
}

function fileNode({ operator, inputs, outputs, attributes }: OperatorNode): NodeDef {
  const named = Object.entries(attributes).map(([name, value]) => [name, fileAttribute(name, value)]);
  return { operator, inputs, outputs, attributes: Object.fromEntries(named) };
}

/** Attributes of our layers that ONNX has as floats also where the number is whole. */
const floats: ReadonlySet<string> = new Set(['alpha', 'beta', 'epsilon']);

function fileAttribute(name: string, value: Attribute): FileAttribute {
  if (typeof value === 'number') return floats.has(name) ? { float: value } : { int: value };
  if (typeof value === 'string') return { string: value };
  return { ints: value.map(Number) };
}

/** Normal numbers from a drawn pool: a network of millions of weights is built in milliseconds, and no kernel that is
 * measured cares that they repeat. */
function noise(random: Random): Draw {
  const pool = Float32Array.from({ length: 4099 }, () => random.normal());
  let at = 0;
  return (count, { mean, deviation, distribution }) => {
    const values = new Float32Array(count);
    for (let i = 0; i < count; i++) {
      values[i] = mean + deviation * pool[at]!;
      at = at + 1 === pool.length ? 0 : at + 1;
    }
    return distribution === 'normal' ? values : values.map(Math.abs);
  };
}
