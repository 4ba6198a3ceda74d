// Layers of convolutional networks as nodes of an operator graph. Every feature map is a tensor, batch × channels ×
// side × side. Counts parameters and multiply-accumulates as it builds, layer by layer.
import type { Attribute, ConstantTensor, OperatorNode, Tensor } from '#core/graph/operator-graph.ts';
import type { Fill, Network } from './network.ts';

/** Version of the `ai.onnx` domain: the first with every operator that a layer here needs is 14 (HardSwish). */
const opset = 17;

export interface Layers {
  /** Square kernel, padding that keeps the size at stride 1, no bias. */
  convolution(input: Tensor, options: ConvolutionOptions): Tensor;
  batchNormalization(input: Tensor): Tensor;
  relu(input: Tensor): Tensor;
  /** x · relu6(x + 3) / 6 (Howard et al. 2019, arXiv 1905.02244). */
  hardSwish(input: Tensor): Tensor;
  add(a: Tensor, b: Tensor): Tensor;
  /** Average over a square window; padding is not counted in the average. */
  averagePool(input: Tensor, options: { kernelSize: number; stride: number; padding: number }): Tensor;
  /** Average over all pixels: size 1. */
  globalAveragePool(input: Tensor): Tensor;
  /** x · 0, elementwise: NAS-Bench-201's operation `none` at equal shapes. */
  zero(input: Tensor): Tensor;
  identity(input: Tensor): Tensor;
  /** Channels (groups × n) → (n × groups), so that the next grouped convolution mixes groups (Zhang et al. 2018, arXiv
   * 1707.01083). */
  channelShuffle(input: Tensor, groups: number): Tensor;
  /** Gate per channel: pool, 1×1 with bias to `squeezed`, relu, 1×1 with bias back, hard sigmoid, multiply. */
  squeezeExcite(input: Tensor, squeezed: number): Tensor;
  /** A fully connected layer with bias on a feature map of size 1. @returns shape batch × outputs */
  linear(input: Tensor, outputs: number): Tensor;
  finish(output: Tensor): Network;
}

export interface ConvolutionOptions {
  readonly channels: number;
  readonly kernelSize: number;
  readonly stride?: number;
  readonly groups?: number;
}

export interface NetworkInput {
  readonly name: string;
  readonly batchSize: number;
  readonly channels: number;
  readonly size: number;
}

/** @returns the layers and the feature map that they start from. */
export function startNetwork(options: NetworkInput): { layers: Layers; input: Tensor } {
  const { batchSize, channels: inputChannels, size: inputSize } = options;
  const nodes: OperatorNode[] = [];
  const constants: ConstantTensor[] = [];
  const fills: (Fill | undefined)[] = [];
  const tensors: Tensor[] = [];
  const input: Tensor = { name: 'input', type: 'float32', shape: [batchSize, inputChannels, inputSize, inputSize] };
  let parameters = 0;
  let macs = 0;

  /** A constant that is drawn when the network is to run; named after its place. @returns its name */
  function drawn(kind: string, shape: readonly number[], fill: Fill): string {
    const name = `${kind}_${constants.length}`;
    constants.push({ name, type: 'float32', shape });
    fills.push(fill);
    return name;
  }

  function fixed(kind: string, type: 'float32' | 'int64', shape: readonly number[], values: readonly number[]): string {
    const name = `${kind}_${constants.length}`;
    constants.push({ name, type, shape, values });
    fills.push(undefined);
    return name;
  }

  function node(
    operator: string,
    inputs: readonly string[],
    shape: readonly number[],
    attributes: Readonly<Record<string, Attribute>> = {},
  ): Tensor {
    const name = `${operator.toLowerCase()}_${nodes.length}`;
    nodes.push({ operator, inputs, outputs: [name], attributes });
    const output: Tensor = { name, type: 'float32', shape };
    tensors.push(output);
    return output;
  }

  const map = (channels: number, size: number): readonly number[] => [batchSize, channels, size, size];

  /** Weights scaled so that activations keep their size (He et al. 2015, arXiv 1502.01852). */
  function weights(shape: readonly [number, number, ...number[]]): string {
    const count = shape.reduce((product, d) => product * d, 1);
    parameters += count;
    return drawn('weight', shape, { mean: 0, deviation: Math.sqrt((2 * shape[0]) / count), distribution: 'normal' });
  }

  /** A number a channel, near `mean`. */
  const vector = (kind: string, length: number, mean: number): string =>
    drawn(kind, [length], { mean, deviation: 0.1, distribution: 'normal' });

  const layers: Layers = {
    convolution(from, { channels, kernelSize, stride = 1, groups = 1 }) {
      const padding = (kernelSize - 1) >> 1;
      const size = windowedSize(sizeOf(from), kernelSize, stride, padding);
      const inputsPerGroup = channelsOf(from) / groups;
      const weight = weights([channels, inputsPerGroup, kernelSize, kernelSize]);
      macs += channels * inputsPerGroup * kernelSize ** 2 * size ** 2;
      const attributes = { ...windowAttributes(kernelSize, stride, padding), group: groups };
      return node('Conv', [from.name, weight], map(channels, size), attributes);
    },
    batchNormalization(from) {
      const c = channelsOf(from);
      parameters += 2 * c;
      const scale = vector('scale', c, 1);
      const shift = vector('shift', c, 0);
      const mean = vector('mean', c, 0);
      const variance = drawn('variance', [c], { mean: 1, deviation: 0.1, distribution: 'absolute-normal' });
      return node('BatchNormalization', [from.name, scale, shift, mean, variance], from.shape, { epsilon });
    },
    relu: (from) => node('Relu', [from.name], from.shape),
    hardSwish: (from) => node('HardSwish', [from.name], from.shape),
    add: (a, b) => node('Add', [a.name, b.name], a.shape),
    averagePool(from, { kernelSize, stride, padding }) {
      const size = windowedSize(sizeOf(from), kernelSize, stride, padding);
      const attributes = { ...windowAttributes(kernelSize, stride, padding), count_include_pad: 0 };
      return node('AveragePool', [from.name], map(channelsOf(from), size), attributes);
    },
    globalAveragePool: (from) => node('GlobalAveragePool', [from.name], map(channelsOf(from), 1)),
    zero: (from) => node('Mul', [from.name, fixed('zero', 'float32', [], [0])], from.shape),
    identity: (from) => node('Identity', [from.name], from.shape),
    channelShuffle(from, groups) {
      const channels = channelsOf(from);
      const size = sizeOf(from);
      const reshape = (x: Tensor, shape: readonly number[]): Tensor =>
        node('Reshape', [x.name, fixed('shape', 'int64', [shape.length], shape)], shape);
      const split = reshape(from, [batchSize, groups, channels / groups, size, size]);
      const swapped = node('Transpose', [split.name], [batchSize, channels / groups, groups, size, size], {
        perm: [0, 2, 1, 3, 4],
      });
      return reshape(swapped, from.shape);
    },
    squeezeExcite(from, squeezed) {
      const pointwise = (x: Tensor, channels: number): Tensor => {
        const weight = weights([channels, channelsOf(x), 1, 1]);
        parameters += channels;
        macs += channels * channelsOf(x);
        return node('Conv', [x.name, weight, vector('bias', channels, 0)], map(channels, 1));
      };
      const pooled = layers.globalAveragePool(from);
      const gate = pointwise(layers.relu(pointwise(pooled, squeezed)), channelsOf(from));
      const open = node('HardSigmoid', [gate.name], gate.shape, { alpha: sixth, beta: 0.5 });
      return node('Mul', [from.name, open.name], from.shape);
    },
    linear(from, outputs) {
      const inputs = channelsOf(from);
      const flat = node('Flatten', [from.name], [batchSize, inputs], { axis: 1 });
      const weight = weights([outputs, inputs]);
      parameters += outputs;
      macs += outputs * inputs + outputs;
      const bias = vector('bias', outputs, 0);
      return node('Gemm', [flat.name, weight, bias], [batchSize, outputs], { transB: 1 });
    },
    finish(output) {
      const graph = { name: options.name, opset, inputs: [input], outputs: [output.name], constants, nodes, tensors };
      return { graph, fills, parameters, macs };
    },
  };
  return { layers, input };
}

// ONNX has these as 32-bit floats, and so has the graph: what is read back from a file is equal to what was described.
const epsilon = Math.fround(1e-5);
const sixth = Math.fround(1 / 6);

const channelsOf = (map: Tensor): number => map.shape[1]!;
const sizeOf = (map: Tensor): number => map.shape[2]!;

const windowedSize = (size: number, kernelSize: number, stride: number, padding: number): number =>
  Math.floor((size + 2 * padding - kernelSize) / stride) + 1;

const windowAttributes = (kernelSize: number, stride: number, padding: number) => ({
  kernel_shape: [kernelSize, kernelSize],
  strides: [stride, stride],
  pads: [padding, padding, padding, padding],
});
