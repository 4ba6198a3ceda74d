// Standard networks on sequences and vectors. Each is small, and is there for its operators; none is anybody's
// architecture.
import type { DescribedNetwork } from '#core/search-space/network/with-weights.ts';
import { activation, convolved, depthwise, selfAttention } from './layer-words.ts';
import { networkPen } from './network-pen.ts';

/** An image in patches, attention in blocks of layer normalisation, products and gelu. */
export function patchAttentionNetwork(): DescribedNetwork {
  const pen = networkPen('standard-patches', [1, 3, 128, 128]);
  const width = 192;
  const patches = pen.convolution(pen.input, { channels: width, kernel: 16, stride: 16 });
  const positions = pen.shapeOf(patches)[2]! * pen.shapeOf(patches)[3]!;
  let x = pen.transpose(pen.reshape(patches, [1, width, positions]), [0, 2, 1]);
  x = pen.node('Add', [x, pen.weights([1, positions, width], 1)]);
  for (let block = 0; block < 2; block++) {
    x = pen.node('Add', [x, selfAttention(pen, pen.layerNormalization(x), 3)]);
    const inner = activation(pen, 'gelu', pen.dense(pen.layerNormalization(x), 4 * width));
    x = pen.node('Add', [x, pen.dense(inner, width)]);
  }
  const first = pen.node('Gather', [pen.layerNormalization(x), pen.integers([0])], { axis: 1 });
  return pen.finish(pen.dense(pen.reshape(first, [1, width]), 100));
}

/** Attention over a longer sequence, normalised by root mean squares, and gated products. */
export function sequenceAttentionNetwork(): DescribedNetwork {
  const pen = networkPen('standard-sequence', [1, 192, 128]);
  const width = 128;
  const normalised = (x: string): string => {
    const mean = pen.node('ReduceMean', [pen.node('Pow', [x, pen.scalar(2)])], { axes: [-1], keepdims: 1 });
    const root = pen.node('Sqrt', [pen.node('Add', [mean, pen.scalar(1e-5)])]);
    return pen.node('Mul', [pen.node('Div', [x, root]), pen.vector(width, 1)]);
  };
  let x = pen.input;
  for (let block = 0; block < 2; block++) {
    x = pen.node('Add', [x, selfAttention(pen, normalised(x), 4)]);
    const inner = normalised(x);
    const open = activation(pen, 'silu', pen.dense(inner, 320));
    x = pen.node('Add', [x, pen.dense(pen.node('Mul', [open, pen.dense(inner, 320)]), width)]);
  }
  return pen.finish(pen.node('Softmax', [pen.dense(x, 512)], { axis: -1 }));
}

/** Convolutions along one axis: strided, dilated and gated, depthwise. */
export function waveNetwork(): DescribedNetwork {
  const pen = networkPen('standard-waves', [1, 1, 4096]);
  let x = convolved(pen, pen.input, { channels: 32, kernel: [9], stride: 4 }, 'relu');
  x = convolved(pen, x, { channels: 64, kernel: [5], stride: 2 }, 'elu');
  for (const dilation of [1, 4]) {
    const signal = convolved(pen, x, { channels: 64, kernel: [3], dilation }, 'tanh');
    const open = convolved(pen, x, { channels: 64, kernel: [3], dilation }, 'sigmoid');
    x = pen.node('Add', [x, pen.convolution(pen.node('Mul', [signal, open]), { channels: 64, kernel: [1] })]);
  }
  x = convolved(pen, depthwise(pen, pen.pool('MaxPool', x, 2, 2), [15]), { channels: 128, kernel: [1] }, 'relu');
  x = pen.node('Flatten', [pen.node('GlobalAveragePool', [x])], { axis: 1 });
  return pen.finish(pen.dense(x, 40));
}

/** Fully connected layers of several sizes on one vector. */
export function vectorNetwork(): DescribedNetwork {
  const pen = networkPen('standard-vectors', [1, 256]);
  let x = pen.input;
  for (const outputs of [512, 1024, 1536, 256, 64]) {
    const weight = pen.weights([outputs, pen.shapeOf(x)[1]!], pen.shapeOf(x)[1]!);
    x = activation(pen, 'relu', pen.node('Gemm', [x, weight, pen.vector(outputs, 0)], { transB: 1 }));
  }
  return pen.finish(pen.dense(x, 10));
}

/** Activations of every price, sums and products on maps of several sizes, between pools. */
export function elementwiseNetwork(): DescribedNetwork {
  const pen = networkPen('standard-elementwise', [1, 64, 56, 56]);
  let x = pen.input;
  for (const name of ['tanh', 'elu', 'sigmoid', 'softplus', 'hard-swish', 'leaky-relu'] as const) {
    x = pen.node('Add', [activation(pen, name, x), x]);
    x = pen.node('Mul', [x, pen.scalar(0.5)]);
    x = pen.pool(name === 'sigmoid' ? 'AveragePool' : 'MaxPool', x, 3, pen.shapeOf(x)[2]! > 7 ? 2 : 1);
  }
  return pen.finish(pen.node('ReduceMean', [activation(pen, 'exp', x)], { axes: [2, 3], keepdims: 0 }));
}

/** Next to nothing: what a run costs by itself. */
export function emptyNetwork(): DescribedNetwork {
  const pen = networkPen('standard-empty', [1, 16]);
  return pen.finish(activation(pen, 'relu', pen.input));
}
