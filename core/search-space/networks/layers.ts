// Layers of convolutional networks as ONNX nodes with random weights, for measuring: the shapes are a network's, the
// values are noise of a sane size. Counts parameters and multiply-accumulates as it builds, layer by layer.
import { bytesOf, type GraphDef, type Initializer, type NodeDef } from '#core/onnx/model.ts';
import { type Random, seededRandom } from '#core/random.ts';

/** A feature map on its way through the network: batch × channels × size × size. */
export interface Feature {
  readonly name: string;
  readonly channels: number;
  /** Side of the square, pixels. */
  readonly size: number;
}

export interface Network {
  readonly graph: GraphDef;
  readonly input: { readonly name: string; readonly shape: readonly number[] };
  readonly output: { readonly name: string; readonly shape: readonly number[] };
  /** Trained numbers: weights, biases, scale and shift of normalisation (its running mean and variance are not). */
  readonly parameters: number;
  /** Multiply-accumulates of convolutions and linear layers at batch size 1; a linear layer's bias counts one an output,
   * as in the figures that NAS-Bench-201 publishes. */
  readonly macs: number;
}

export interface Layers {
  /** Square kernel, padding that keeps the size at stride 1, no bias. */
  convolution(input: Feature, options: ConvolutionOptions): Feature;
  batchNormalization(input: Feature): Feature;
  relu(input: Feature): Feature;
  /** x · relu6(x + 3) / 6 (Howard et al. 2019, arXiv 1905.02244). */
  hardSwish(input: Feature): Feature;
  add(a: Feature, b: Feature): Feature;
  /** Average over a square window; padding is not counted in the average. */
  averagePool(input: Feature, options: { kernelSize: number; stride: number; padding: number }): Feature;
  /** Average over all pixels: size 1. */
  globalAveragePool(input: Feature): Feature;
  /** x · 0, elementwise: NAS-Bench-201's operation `none` at equal shapes. */
  zero(input: Feature): Feature;
  identity(input: Feature): Feature;
  /** Channels (groups × n) → (n × groups), so that the next grouped convolution mixes groups (Zhang et al. 2018, arXiv
   * 1707.01083). */
  channelShuffle(input: Feature, groups: number): Feature;
  /** Gate per channel: pool, 1×1 with bias to `squeezed`, relu, 1×1 with bias back, hard sigmoid, multiply. */
  squeezeExcite(input: Feature, squeezed: number): Feature;
  /** A fully connected layer with bias on a feature map of size 1. @returns shape batch × outputs */
  linear(input: Feature, outputs: number): Feature;
  finish(output: Feature): Network;
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
  readonly seed: number;
}

/** @returns the layers and the feature map that they start from. */
export function startNetwork(options: NetworkInput): { layers: Layers; input: Feature } {
  const { batchSize } = options;
  const nodes: NodeDef[] = [];
  const initializers: Initializer[] = [];
  const draw = noise(seededRandom(options.seed));
  const input: Feature = { name: 'input', channels: options.channels, size: options.size };
  const inputShape = [batchSize, input.channels, input.size, input.size];
  let parameters = 0;
  let macs = 0;

  function constant(name: string, shape: readonly number[], data: Float32Array | BigInt64Array): string {
    const dataType = data instanceof Float32Array ? 'float32' : 'int64';
    initializers.push({ name, shape, dataType, bytes: bytesOf(data) });
    return name;
  }

  function node(
    operator: string,
    inputs: readonly string[],
    output: { channels: number; size: number },
    attributes: NodeDef['attributes'] = {},
  ): Feature {
    const name = `${operator.toLowerCase()}_${nodes.length}`;
    nodes.push({ operator, inputs, outputs: [name], attributes });
    return { name, channels: output.channels, size: output.size };
  }

  /** Weights scaled so that activations keep their size (He et al. 2015, arXiv 1502.01852). */
  function weights(shape: readonly [number, number, ...number[]]): string {
    const count = shape.reduce((product, d) => product * d, 1);
    parameters += count;
    return constant(`weight_${initializers.length}`, shape, draw(count, 0, Math.sqrt((2 * shape[0]) / count)));
  }

  function vector(kind: string, length: number, mean: number, deviation: number): string {
    return constant(`${kind}_${initializers.length}`, [length], draw(length, mean, deviation));
  }

  const layers: Layers = {
    convolution(from, { channels, kernelSize, stride = 1, groups = 1 }) {
      const padding = (kernelSize - 1) >> 1;
      const size = Math.floor((from.size + 2 * padding - kernelSize) / stride) + 1;
      const weight = weights([channels, from.channels / groups, kernelSize, kernelSize]);
      macs += channels * (from.channels / groups) * kernelSize ** 2 * size ** 2;
      return node(
        'Conv',
        [from.name, weight],
        { channels, size },
        {
          kernel_shape: { ints: [kernelSize, kernelSize] },
          strides: { ints: [stride, stride] },
          pads: { ints: [padding, padding, padding, padding] },
          group: { int: groups },
        },
      );
    },
    batchNormalization(from) {
      const c = from.channels;
      parameters += 2 * c;
      const scale = vector('scale', c, 1, 0.1);
      const shift = vector('shift', c, 0, 0.1);
      const mean = vector('mean', c, 0, 0.1);
      const variance = constant(`variance_${initializers.length}`, [c], draw(c, 1, 0.1).map(Math.abs));
      return node('BatchNormalization', [from.name, scale, shift, mean, variance], from, { epsilon: { float: 1e-5 } });
    },
    relu: (from) => node('Relu', [from.name], from),
    hardSwish: (from) => node('HardSwish', [from.name], from),
    add: (a, b) => node('Add', [a.name, b.name], a),
    averagePool(from, { kernelSize, stride, padding }) {
      const size = Math.floor((from.size + 2 * padding - kernelSize) / stride) + 1;
      return node(
        'AveragePool',
        [from.name],
        { channels: from.channels, size },
        {
          kernel_shape: { ints: [kernelSize, kernelSize] },
          strides: { ints: [stride, stride] },
          pads: { ints: [padding, padding, padding, padding] },
          count_include_pad: { int: 0 },
        },
      );
    },
    globalAveragePool: (from) => node('GlobalAveragePool', [from.name], { channels: from.channels, size: 1 }),
    zero: (from) => node('Mul', [from.name, constant(`zero_${initializers.length}`, [], Float32Array.of(0))], from),
    identity: (from) => node('Identity', [from.name], from),
    channelShuffle(from, groups) {
      const { channels, size } = from;
      const shape = (dimensions: readonly number[]): string =>
        constant(`shape_${initializers.length}`, [dimensions.length], BigInt64Array.from(dimensions, BigInt));
      const split = node('Reshape', [from.name, shape([batchSize, groups, channels / groups, size, size])], from);
      const swapped = node('Transpose', [split.name], from, { perm: { ints: [0, 2, 1, 3, 4] } });
      return node('Reshape', [swapped.name, shape([batchSize, channels, size, size])], from);
    },
    squeezeExcite(from, squeezed) {
      const pointwise = (x: Feature, channels: number): Feature => {
        const weight = weights([channels, x.channels, 1, 1]);
        parameters += channels;
        macs += channels * x.channels;
        return node('Conv', [x.name, weight, vector('bias', channels, 0, 0.1)], { channels, size: 1 });
      };
      const pooled = layers.globalAveragePool(from);
      const gate = pointwise(layers.relu(pointwise(pooled, squeezed)), from.channels);
      const open = node('HardSigmoid', [gate.name], gate, { alpha: { float: 1 / 6 }, beta: { float: 0.5 } });
      return node('Mul', [from.name, open.name], from);
    },
    linear(from, outputs) {
      const flat = node('Flatten', [from.name], from, { axis: { int: 1 } });
      const weight = weights([outputs, from.channels]);
      parameters += outputs;
      macs += outputs * from.channels + outputs;
      const bias = vector('bias', outputs, 0, 0.1);
      return node('Gemm', [flat.name, weight, bias], { channels: outputs, size: 0 }, { transB: { int: 1 } });
    },
    finish(last) {
      // Size 0 marks a flat output: batch × channels.
      const shape = last.size === 0 ? [batchSize, last.channels] : [batchSize, last.channels, last.size, last.size];
      const graph: GraphDef = {
        name: options.name,
        nodes,
        initializers,
        inputs: [{ name: input.name, dataType: 'float32', shape: inputShape }],
        outputs: [{ name: last.name, dataType: 'float32', shape }],
      };
      return {
        graph,
        input: { name: input.name, shape: inputShape },
        output: { name: last.name, shape },
        parameters,
        macs,
      };
    },
  };
  return { layers, input };
}

/** Normal numbers from a drawn pool: a network of millions of weights is built in milliseconds, and no kernel that is
 * measured cares that they repeat. */
function noise(random: Random): (count: number, mean: number, deviation: number) => Float32Array {
  const pool = Float32Array.from({ length: 4099 }, () => random.normal());
  let at = 0;
  return (count, mean, deviation) => {
    const values = new Float32Array(count);
    for (let i = 0; i < count; i++) {
      values[i] = mean + deviation * pool[at]!;
      at = at + 1 === pool.length ? 0 : at + 1;
    }
    return values;
  };
}
