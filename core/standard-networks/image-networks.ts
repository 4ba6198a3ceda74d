// Standard networks on images. Each is small, and is there for its operators; none is anybody's architecture.
import type { DescribedNetwork } from '#core/search-space/network/with-weights.ts';
import { activation, classifier, convolved, depthwise, enlarged, invertedResidual } from './layer-words.ts';
import { networkPen } from './network-pen.ts';

/** Convolutions of 7×7, 3×3 and 1×1, plain and strided, residual sums, and a large fully connected layer. */
export function residualNetwork(): DescribedNetwork {
  const pen = networkPen('standard-residual', [1, 3, 128, 128]);
  let x = convolved(pen, pen.input, { channels: 32, kernel: 7, stride: 2 }, 'relu');
  x = pen.pool('MaxPool', x, 3, 2);
  for (const [channels, stride] of [
    [32, 1],
    [64, 2],
    [160, 2],
    [288, 2],
  ] as const) {
    const inner = convolved(pen, x, { channels, kernel: 3, stride }, 'relu');
    const outer = pen.convolution(inner, { channels, kernel: 3 });
    const beside = stride === 1 ? x : pen.convolution(x, { channels, kernel: 1, stride });
    x = activation(pen, 'relu', pen.node('Add', [outer, beside]));
  }
  x = convolved(pen, x, { channels: 768, kernel: 1 }, 'relu');
  return pen.finish(classifier(pen, x, 1536));
}

/** 3×3 and 1×1 convolutions of few channels with batch normalisation, average pools and sums of several maps, at the
 * sizes of small images: what cells of search spaces are made of. */
export function cellNetwork(): DescribedNetwork {
  const pen = networkPen('standard-cells', [1, 3, 32, 32]);
  const unit = (x: string, channels: number, kernel: number, stride = 1): string =>
    pen.batchNormalization(pen.convolution(pen.node('Relu', [x]), { channels, kernel, stride }));
  let x = pen.batchNormalization(pen.convolution(pen.input, { channels: 16, kernel: 3 }));
  for (const channels of [16, 32, 64]) {
    if (channels > 16) x = unit(x, channels, 3, 2);
    for (let cell = 0; cell < 2; cell++) {
      const mean = pen.pool('AveragePool', x, 3, 1);
      const sum = pen.node('Add', [unit(x, channels, 3), unit(mean, channels, 1)]);
      x = pen.node('Add', [pen.node('Add', [sum, mean]), x]);
    }
  }
  return pen.finish(classifier(pen, pen.node('Relu', [pen.batchNormalization(x)]), 10));
}

/** Windows of 5×5, 7×7, 1×7 and 7×1, and dilated ones, on middling maps. */
export function wideWindowNetwork(): DescribedNetwork {
  const pen = networkPen('standard-windows', [1, 3, 64, 64]);
  let x = convolved(pen, pen.input, { channels: 24, kernel: 5, stride: 2 }, 'leaky-relu');
  x = convolved(pen, x, { channels: 48, kernel: 5 }, 'leaky-relu');
  x = convolved(pen, x, { channels: 64, kernel: 3, dilation: 2 }, 'relu');
  x = convolved(pen, x, { channels: 96, kernel: [1, 7], stride: 1 }, 'relu');
  x = convolved(pen, x, { channels: 96, kernel: [7, 1], stride: 1 }, 'relu');
  x = convolved(pen, pen.pool('AveragePool', x, 2, 2), { channels: 64, kernel: 7 }, 'tanh');
  return pen.finish(classifier(pen, x, 100));
}

/** Depthwise 3×3 between 1×1 convolutions, relu6. */
export function depthwiseNetwork(): DescribedNetwork {
  const pen = networkPen('standard-depthwise', [1, 3, 160, 160]);
  let x = convolved(pen, pen.input, { channels: 16, kernel: 3, stride: 2 }, 'relu6');
  x = activation(pen, 'relu6', depthwise(pen, x, 3));
  for (const [expanded, channels, stride] of [
    [48, 24, 2],
    [96, 24, 1],
    [144, 40, 2],
    [240, 96, 2],
    [384, 96, 1],
    [576, 160, 2],
    [640, 160, 1],
  ] as const) {
    x = invertedResidual(pen, x, { expanded, channels, kernel: 3, stride, activation: 'relu6' });
  }
  x = convolved(pen, x, { channels: 640, kernel: 1 }, 'relu6');
  return pen.finish(classifier(pen, x, 1000));
}

/** Depthwise 5×5 with gates per channel, hard swish and silu. */
export function gatedNetwork(): DescribedNetwork {
  const pen = networkPen('standard-gates', [1, 3, 128, 128]);
  let x = convolved(pen, pen.input, { channels: 16, kernel: 3, stride: 2 }, 'hard-swish');
  for (const [expanded, channels, kernel, stride, name, isGated] of [
    [64, 24, 5, 2, 'relu', false],
    [96, 40, 5, 2, 'hard-swish', true],
    [160, 40, 5, 1, 'hard-swish', true],
    [240, 80, 3, 2, 'silu', true],
    [320, 80, 5, 1, 'silu', true],
  ] as const) {
    x = invertedResidual(pen, x, { expanded, channels, kernel, stride, activation: name, gated: isGated });
  }
  x = convolved(pen, x, { channels: 320, kernel: 1 }, 'hard-swish');
  return pen.finish(classifier(pen, x, 640));
}

/** Depthwise 7×7, layer normalisation over channels, products over the last axis, gelu. */
export function wideDepthwiseNetwork(): DescribedNetwork {
  const pen = networkPen('standard-wide-depthwise', [1, 3, 96, 96]);
  let x = pen.convolution(pen.input, { channels: 48, kernel: 4, stride: 4 });
  for (const channels of [48, 96]) {
    if (channels > 48) x = pen.convolution(x, { channels, kernel: 2, stride: 2 });
    const last = pen.layerNormalization(pen.transpose(depthwise(pen, x, 7), [0, 2, 3, 1]));
    const inner = activation(pen, 'gelu', pen.dense(last, 4 * channels));
    x = pen.node('Add', [x, pen.transpose(pen.dense(inner, channels), [0, 3, 1, 2])]);
  }
  return pen.finish(classifier(pen, x, 100));
}

/** Grouped convolutions, channels shuffled between groups, halves split and joined again. */
export function groupedNetwork(): DescribedNetwork {
  const pen = networkPen('standard-groups', [1, 3, 96, 96]);
  let x = pen.pool('MaxPool', convolved(pen, pen.input, { channels: 24, kernel: 3, stride: 2 }, 'relu'), 3, 2);
  for (const [channels, groups, stride] of [
    [64, 4, 1],
    [128, 8, 2],
    [128, 32, 1],
  ] as const) {
    const narrow = convolved(pen, x, { channels, kernel: 1 }, 'relu');
    const grouped = convolved(pen, narrow, { channels, kernel: 3, stride, groups }, 'relu');
    const wide = pen.convolution(grouped, { channels, kernel: 1 });
    const isResidual = stride === 1 && pen.shapeOf(x)[1] === channels;
    x = activation(pen, 'relu', isResidual ? pen.node('Add', [x, wide]) : wide);
  }
  for (let unit = 0; unit < 2; unit++) {
    const [kept, taken] = pen.split(x, 1, 2) as [string, string];
    const [, half, height, width] = pen.shapeOf(taken) as [number, number, number, number];
    const inner = depthwise(pen, convolved(pen, taken, { channels: half, kernel: 1 }, 'relu'), 3);
    const joined = pen.node('Concat', [kept, convolved(pen, inner, { channels: half, kernel: 1 }, 'relu')], {
      axis: 1,
    });
    const apart = pen.transpose(pen.reshape(joined, [1, 2, half, height, width]), [0, 2, 1, 3, 4]);
    x = pen.reshape(apart, [1, 2 * half, height, width]);
  }
  return pen.finish(classifier(pen, x, 100));
}

/** Maps joined along their channels, normalised before they are convolved. */
export function joinedNetwork(): DescribedNetwork {
  const pen = networkPen('standard-joined', [1, 3, 80, 80]);
  const before = (x: string): string => pen.node('Relu', [pen.batchNormalization(x)]);
  let x = pen.pool('MaxPool', pen.convolution(pen.input, { channels: 32, kernel: 5, stride: 2 }), 3, 2);
  for (const growth of [16, 24, 32]) {
    for (let layer = 0; layer < 2; layer++) {
      const narrow = pen.convolution(before(x), { channels: 4 * growth, kernel: 1 });
      x = pen.node('Concat', [x, pen.convolution(before(narrow), { channels: growth, kernel: 3 })], { axis: 1 });
    }
    const half = pen.shapeOf(x)[1]! / 2;
    x = pen.pool('AveragePool', pen.convolution(before(x), { channels: half, kernel: 1 }), 2, 2);
  }
  return pen.finish(classifier(pen, before(x), 100));
}

/** Down and up again: resized and transposed-convolved maps, joined with those of the way down; a pad, a mask. */
export function segmentingNetwork(): DescribedNetwork {
  const pen = networkPen('standard-segmenting', [1, 3, 96, 96]);
  const padded = pen.node('Pad', [pen.input, pen.integers([0, 0, 0, 0, 0, 0, 1, 1])], { mode: 'constant' });
  const first = activation(
    pen,
    'relu',
    pen.node('Conv', [padded, pen.weights([16, 3, 3, 3], 27), pen.vector(16, 0)], {
      kernel_shape: [3, 3],
      strides: [2, 2],
    }),
  );
  const second = convolved(pen, first, { channels: 32, kernel: 3, stride: 2 }, 'relu');
  const third = convolved(pen, second, { channels: 64, kernel: 3, stride: 2 }, 'relu');
  let x = pen.convolution(third, { channels: 32, kernel: 2, stride: 2, transposed: true });
  x = convolved(pen, pen.node('Concat', [x, second], { axis: 1 }), { channels: 32, kernel: 3 }, 'relu');
  x = enlarged(pen, x, 'linear');
  x = convolved(pen, pen.node('Concat', [x, first], { axis: 1 }), { channels: 16, kernel: 3 }, 'relu');
  x = pen.convolution(enlarged(pen, x, 'nearest'), { channels: 2, kernel: 1 });
  return pen.finish(pen.node('Softmax', [x], { axis: 1 }));
}

/** A pyramid of maps with pools of large windows, and heads whose outputs are reshaped and joined. */
export function detectingNetwork(): DescribedNetwork {
  const pen = networkPen('standard-detecting', [1, 3, 128, 128]);
  let x = convolved(pen, pen.input, { channels: 16, kernel: 3, stride: 2 }, 'silu');
  x = convolved(pen, x, { channels: 32, kernel: 3, stride: 2 }, 'silu');
  const fine = convolved(pen, x, { channels: 48, kernel: 3, stride: 2 }, 'silu');
  const coarse = convolved(pen, fine, { channels: 96, kernel: 3, stride: 2 }, 'silu');
  const once = pen.pool('MaxPool', coarse, 5, 1);
  const pooled = pen.node('Concat', [coarse, once, pen.pool('MaxPool', once, 5, 1)], { axis: 1 });
  const top = convolved(pen, pooled, { channels: 48, kernel: 1 }, 'silu');
  const bottom = pen.node('Add', [enlarged(pen, top, 'nearest'), fine]);
  const heads = [top, bottom].map((map) => {
    const head = pen.convolution(convolved(pen, map, { channels: 48, kernel: 3 }, 'leaky-relu'), {
      channels: 36,
      kernel: 1,
    });
    const [, , height, width] = pen.shapeOf(head) as [number, number, number, number];
    return pen.transpose(pen.reshape(head, [1, 36, height * width]), [0, 2, 1]);
  });
  return pen.finish(pen.node('Sigmoid', [pen.node('Concat', heads, { axis: 1 })]));
}

/** Little arithmetic on large maps: what memory and launches cost. */
export function largeMapNetwork(): DescribedNetwork {
  const pen = networkPen('standard-large-maps', [1, 3, 256, 256]);
  const stem = pen.convolution(pen.input, { channels: 24, kernel: 3 });
  let x = pen.batchNormalization(pen.node('Relu', [stem]));
  x = pen.node('Add', [x, pen.pool('MaxPool', depthwise(pen, x, 3), 3, 1)]);
  x = pen.node('Mul', [x, pen.node('Sigmoid', [x])]);
  return pen.finish(pen.pool('AveragePool', x, 4, 4));
}
