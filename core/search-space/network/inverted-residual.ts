// The block that FBNet and MobileNetV3 share (Sandler et al. 2018, arXiv 1801.04381): 1×1 expansion, depthwise k×k,
// 1×1 projection, each with batch normalisation, and a residual where the shapes allow it.
import type { Tensor } from '#core/graph/operator-graph.ts';
import type { Layers } from './layers.ts';

export interface BlockOptions {
  readonly channels: number;
  readonly expansion: number;
  readonly kernelSize: number;
  readonly stride: number;
  /** Groups of the 1×1 convolutions; above 1 the channels are shuffled after the expansion. */
  readonly groups: number;
  /** Whether the expansion is there even where it does not expand. */
  readonly alwaysExpands: boolean;
  readonly activate: (x: Tensor) => Tensor;
  /** Applied after the depthwise convolution's activation. */
  readonly gate?: (x: Tensor) => Tensor;
}

/** Adds an inverted residual block [N, C, H, W] to a network: expand, depthwise, project, and the sum where shapes
 * allow it. */
export function invertedResidual(layers: Layers, input: Tensor, options: BlockOptions): Tensor {
  const { activate, groups } = options;
  const inputChannels = input.shape[1]!;
  const hidden = inputChannels * options.expansion;
  let x = input;
  if (options.alwaysExpands || options.expansion !== 1) {
    x = activate(layers.batchNormalization(layers.convolution(x, { channels: hidden, kernelSize: 1, groups })));
    if (groups > 1) x = layers.channelShuffle(x, groups);
  }
  const { kernelSize, stride } = options;
  x = layers.convolution(x, { channels: hidden, kernelSize, stride, groups: hidden });
  x = activate(layers.batchNormalization(x));
  if (options.gate !== undefined) x = options.gate(x);
  x = layers.batchNormalization(layers.convolution(x, { channels: options.channels, kernelSize: 1, groups }));
  return stride === 1 && inputChannels === options.channels ? layers.add(input, x) : x;
}
