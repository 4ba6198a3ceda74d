// Draws a network node by node: shapes are inferred as it goes, weights are only described, to be drawn when the
// network is to run. Unlike the layers of search spaces (search-space/network/layers.ts) it takes any operator and any
// shape.
import { inferTensors } from '#core/graph/complete-graph.ts';
import type { Attribute, ConstantTensor, OperatorNode, Tensor } from '#core/graph/operator-graph.ts';
import type { Fill } from '#core/search-space/network/network.ts';
import type { DescribedNetwork } from '#core/search-space/network/with-weights.ts';

/** Version of the `ai.onnx` domain: the first that has LayerNormalization. */
const opset = 17;

export interface ConvolutionShape {
  readonly channels: number;
  /** Length along each spatial axis; a number: square, on images. */
  readonly kernel: number | readonly number[];
  readonly stride?: number;
  readonly dilation?: number;
  readonly groups?: number;
  readonly transposed?: boolean;
}

/** Tensors go by their names. Convolutions and pools keep the size at stride 1. */
export interface NetworkPen {
  readonly input: string;
  /** One more input of the network, of floats. */
  anotherInput(shape: readonly number[]): string;
  /** @returns the only output */
  node(operator: string, inputs: readonly string[], attributes?: Readonly<Record<string, Attribute>>): string;
  /** Weights scaled so that what flows keeps its size. */
  weights(shape: readonly number[], inputsOfOne: number): string;
  /** A number a channel, near `mean`. */
  vector(length: number, mean: number): string;
  floats(values: readonly number[]): string;
  scalar(value: number): string;
  integers(values: readonly number[]): string;
  shapeOf(name: string): readonly number[];
  /** With a bias, as exporters write it once batch normalisation is folded. */
  convolution(x: string, shape: ConvolutionShape): string;
  batchNormalization(x: string): string;
  /** Over the last axis. */
  layerNormalization(x: string): string;
  /** x · W + b over the last axis. */
  dense(x: string, outputs: number): string;
  pool(operator: 'MaxPool' | 'AveragePool', x: string, length: number, stride: number): string;
  reshape(x: string, shape: readonly number[]): string;
  transpose(x: string, perm: readonly number[]): string;
  /** Equal parts along an axis. */
  split(x: string, axis: number, parts: number): readonly string[];
  finish(output: string): DescribedNetwork;
}

/** @param inputShape batch first, then channels where there are any */
export function networkPen(name: string, inputShape: readonly number[]): NetworkPen {
  const input: Tensor = { name: 'input', type: 'float32', shape: inputShape };
  const inputs: Tensor[] = [input];
  const nodes: OperatorNode[] = [];
  const constants: ConstantTensor[] = [];
  const fills: (Fill | undefined)[] = [];
  const tensors: Tensor[] = [];
  const known = new Map<string, Tensor>([[input.name, input]]);
  const constantOf = new Map<string, ConstantTensor>();

  const shapeOf = (tensor: string): readonly number[] => known.get(tensor)!.shape;
  const last = (tensor: string): number => shapeOf(tensor).at(-1)!;
  const spatial = (tensor: string): number => shapeOf(tensor).length - 2;

  function constant(kind: string, tensor: Omit<ConstantTensor, 'name'>, fill: Fill | undefined): string {
    const made = { name: `${kind}_${constants.length}`, ...tensor };
    constants.push(made);
    fills.push(fill);
    constantOf.set(made.name, made);
    return made.name;
  }

  function outputsOf(
    operator: string,
    inputs: readonly string[],
    count: number,
    attributes: Readonly<Record<string, Attribute>> = {},
  ): string[] {
    const outputs = Array.from({ length: count }, (_, i) => `${operator.toLowerCase()}_${nodes.length}_${i}`);
    const node: OperatorNode = { operator, inputs, outputs, attributes };
    const given = inputs.flatMap((tensor) => known.get(tensor) ?? []);
    const made = inferTensors(
      [node],
      given,
      inputs.flatMap((tensor) => constantOf.get(tensor) ?? []),
      opset,
    );
    nodes.push(node);
    for (const tensor of made) {
      tensors.push(tensor);
      known.set(tensor.name, tensor);
    }
    return outputs;
  }

  const pen: NetworkPen = {
    input: input.name,
    shapeOf,
    anotherInput(shape) {
      const another: Tensor = { name: `input_${inputs.length}`, type: 'float32', shape };
      inputs.push(another);
      known.set(another.name, another);
      return another.name;
    },
    node: (operator, inputs, attributes) => outputsOf(operator, inputs, 1, attributes)[0]!,
    weights: (shape, inputsOfOne) =>
      constant(
        'weight',
        { type: 'float32', shape },
        { mean: 0, deviation: Math.sqrt(1 / inputsOfOne), distribution: 'normal' },
      ),
    vector: (length, mean) =>
      constant('vector', { type: 'float32', shape: [length] }, { mean, deviation: 0.1, distribution: 'normal' }),
    floats: (values) => constant('floats', { type: 'float32', shape: [values.length], values }, undefined),
    scalar: (value) => constant('scalar', { type: 'float32', shape: [], values: [Math.fround(value)] }, undefined),
    integers: (values) => constant('integers', { type: 'int64', shape: [values.length], values }, undefined),
    convolution(x, { channels, kernel, stride = 1, dilation = 1, groups = 1, transposed = false }) {
      const lengths = typeof kernel === 'number' ? [kernel, kernel] : kernel;
      const inputs = shapeOf(x)[1]!;
      const outer: readonly number[] = transposed ? [inputs, channels / groups] : [channels, inputs / groups];
      const weight = pen.weights([...outer, ...lengths], (inputs / groups) * lengths.reduce((a, b) => a * b, 1));
      const begins = lengths.map((length) => Math.max(0, transposed ? length - stride : dilation * (length - 1)) >> 1);
      return pen.node(transposed ? 'ConvTranspose' : 'Conv', [x, weight, pen.vector(channels, 0)], {
        kernel_shape: lengths,
        strides: lengths.map(() => stride),
        dilations: lengths.map(() => dilation),
        pads: [...begins, ...begins],
        group: groups,
      });
    },
    batchNormalization(x) {
      const length = shapeOf(x)[1]!;
      const variance = constant(
        'variance',
        { type: 'float32', shape: [length] },
        { mean: 1, deviation: 0.1, distribution: 'absolute-normal' },
      );
      const [scale, shift, mean] = [1, 0, 0].map((near) => pen.vector(length, near)) as [string, string, string];
      return pen.node('BatchNormalization', [x, scale, shift, mean, variance], { epsilon: Math.fround(1e-5) });
    },
    layerNormalization: (x) =>
      pen.node('LayerNormalization', [x, pen.vector(last(x), 1), pen.vector(last(x), 0)], {
        axis: -1,
        epsilon: Math.fround(1e-5),
      }),
    dense(x, outputs) {
      const product = pen.node('MatMul', [x, pen.weights([last(x), outputs], last(x))]);
      return pen.node('Add', [product, pen.vector(outputs, 0)]);
    },
    pool(operator, x, length, stride) {
      const lengths = Array.from({ length: spatial(x) }, () => length);
      const begins = lengths.map(() => (length - 1) >> 1);
      const attributes = {
        kernel_shape: lengths,
        strides: lengths.map(() => stride),
        pads: [...begins, ...begins],
      };
      return pen.node(operator, [x], attributes);
    },
    reshape: (x, shape) => pen.node('Reshape', [x, pen.integers(shape)]),
    transpose: (x, perm) => pen.node('Transpose', [x], { perm }),
    split(x, axis, parts) {
      const length = shapeOf(x)[axis]! / parts;
      const lengths = pen.integers(Array.from({ length: parts }, () => length));
      return outputsOf('Split', [x, lengths], parts, { axis });
    },
    finish(output) {
      return { graph: { name, opset, inputs, outputs: [output], constants, nodes, tensors }, fills };
    },
  };
  return pen;
}
