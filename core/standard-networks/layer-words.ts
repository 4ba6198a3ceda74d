// Layers that several standard networks have, as exporters write them.
import type { ConvolutionShape, NetworkPen } from './network-pen.ts';

const plainActivations = {
  relu: 'Relu',
  sigmoid: 'Sigmoid',
  tanh: 'Tanh',
  'hard-swish': 'HardSwish',
  'leaky-relu': 'LeakyRelu',
  elu: 'Elu',
  softplus: 'Softplus',
  exp: 'Exp',
} as const;
export type ActivationName = keyof typeof plainActivations | 'relu6' | 'silu' | 'gelu';

/** An activation as exporters write it: relu6 as a clip, silu as a gate of itself, gelu by the error function. */
export function activation(pen: NetworkPen, name: ActivationName, x: string): string {
  if (name === 'relu6') return pen.node('Clip', [x, pen.scalar(0), pen.scalar(6)]);
  if (name === 'silu') return pen.node('Mul', [x, pen.node('Sigmoid', [x])]);
  if (name !== 'gelu') return pen.node(plainActivations[name], [x]);
  const erf = pen.node('Erf', [pen.node('Div', [x, pen.scalar(Math.SQRT2)])]);
  const gate = pen.node('Mul', [x, pen.node('Add', [erf, pen.scalar(1)])]);
  return pen.node('Mul', [gate, pen.scalar(0.5)]);
}

/** A convolution and its activation. */
export function convolved(pen: NetworkPen, x: string, shape: ConvolutionShape, name: ActivationName): string {
  return activation(pen, name, pen.convolution(x, shape));
}

/** Every channel by itself. */
export function depthwise(pen: NetworkPen, x: string, kernel: number | readonly number[], stride = 1): string {
  const channels = pen.shapeOf(x)[1]!;
  return pen.convolution(x, { channels, kernel, stride, groups: channels });
}

export interface InvertedResidual {
  readonly expanded: number;
  readonly channels: number;
  readonly kernel: number;
  readonly stride: number;
  readonly activation: ActivationName;
  /** With a gate per channel. */
  readonly gated?: boolean;
}

/** Widened 1×1, depthwise, perhaps gated, narrowed 1×1, added to what it began with where the shapes are equal. */
export function invertedResidual(pen: NetworkPen, x: string, block: InvertedResidual): string {
  const { expanded, channels, kernel, stride } = block;
  const wide = convolved(pen, x, { channels: expanded, kernel: 1 }, block.activation);
  const deep = activation(pen, block.activation, depthwise(pen, wide, kernel, stride));
  const gated = block.gated === true ? gate(pen, deep) : deep;
  const narrow = pen.convolution(gated, { channels, kernel: 1 });
  const isResidual = stride === 1 && pen.shapeOf(x)[1] === channels;
  return isResidual ? pen.node('Add', [x, narrow]) : narrow;
}

/** One factor a channel, from the mean over all positions. */
function gate(pen: NetworkPen, x: string): string {
  const channels = pen.shapeOf(x)[1]!;
  const mean = pen.node('GlobalAveragePool', [x]);
  const squeezed = convolved(pen, mean, { channels: Math.max(8, channels / 4), kernel: 1 }, 'relu');
  const open = pen.node('HardSigmoid', [pen.convolution(squeezed, { channels, kernel: 1 })], {
    alpha: Math.fround(1 / 6),
    beta: 0.5,
  });
  return pen.node('Mul', [x, open]);
}

/** Mean over all positions, then one fully connected layer. */
export function classifier(pen: NetworkPen, x: string, outputs: number): string {
  const channels = pen.shapeOf(x)[1]!;
  const flat = pen.node('Flatten', [pen.node('GlobalAveragePool', [x])], { axis: 1 });
  const weight = pen.weights([outputs, channels], channels);
  return pen.node('Gemm', [flat, weight, pen.vector(outputs, 0)], { transB: 1 });
}

/** Twice as many positions along each axis of an image. */
export function enlarged(pen: NetworkPen, x: string, mode: 'nearest' | 'linear'): string {
  const attributes: Readonly<Record<string, string>> =
    mode === 'nearest'
      ? { mode, coordinate_transformation_mode: 'asymmetric', nearest_mode: 'floor' }
      : { mode, coordinate_transformation_mode: 'half_pixel' };
  return pen.node('Resize', [x, '', pen.floats([1, 1, 2, 2])], attributes);
}

/** Attention of every position to every other, x [batch, positions, width], without the sum around it. */
export function selfAttention(pen: NetworkPen, x: string, heads: number): string {
  const [batch, positions, width] = pen.shapeOf(x) as [number, number, number];
  const toHeads = (part: string, perm: readonly number[]): string =>
    pen.transpose(pen.reshape(part, [batch, positions, heads, width / heads]), perm);
  const [query, key, value] = pen.split(pen.dense(x, 3 * width), 2, 3) as [string, string, string];
  const scores = pen.node('MatMul', [toHeads(query, [0, 2, 1, 3]), toHeads(key, [0, 2, 3, 1])]);
  const scaled = pen.node('Mul', [scores, pen.scalar(1 / Math.sqrt(width / heads))]);
  const weighed = pen.node('MatMul', [pen.node('Softmax', [scaled], { axis: -1 }), toHeads(value, [0, 2, 1, 3])]);
  return pen.dense(pen.reshape(pen.transpose(weighed, [0, 2, 1, 3]), [batch, positions, width]), width);
}
