// What an inverted residual block costs (Sandler et al. 2018, arXiv 1801.04381): a 1×1 expansion, a depthwise k×k and a
// 1×1 projection, each with multiply-accumulates, activation traffic and weights. Counts only: no device, no time.

export interface InvertedResidual {
  readonly inputChannels: number;
  readonly hiddenChannels: number;
  readonly outputChannels: number;
  readonly kernelSize: number;
  /** Groups of the two 1×1 convolutions. */
  readonly groups: number;
}

/** A block's three kernels, in the order they run. */
const blockKernels = ['expand', 'depthwise', 'project'] as const;
export const blockKernelCount = blockKernels.length;

/** One number a kernel, in the order of `blockKernels`. */
export type PerKernel = readonly [expand: number, depthwise: number, project: number];

/** Learned weights; biases and normalisation are folded away in inference and not counted. */
export function kernelWeights(block: InvertedResidual): PerKernel {
  const { inputChannels, hiddenChannels, outputChannels, kernelSize, groups } = block;
  return [
    (inputChannels * hiddenChannels) / groups,
    kernelSize * kernelSize * hiddenChannels,
    (hiddenChannels * outputChannels) / groups,
  ];
}

/**
 * Multiply-accumulates at batch size 1. The stride sits in the depthwise kernel.
 * @param inputSize side of the square input, in pixels
 * @param outputSize side of the square output, in pixels
 */
export function kernelMacs(block: InvertedResidual, inputSize: number, outputSize: number): PerKernel {
  const [expand, depthwise, project] = kernelWeights(block);
  return [expand * inputSize ** 2, depthwise * outputSize ** 2, project * outputSize ** 2];
}

/** Activations read and written, in elements, at batch size 1. */
export function kernelTraffic(block: InvertedResidual, inputSize: number, outputSize: number): PerKernel {
  const { inputChannels, hiddenChannels, outputChannels } = block;
  return [
    (inputChannels + hiddenChannels) * inputSize ** 2,
    hiddenChannels * (inputSize ** 2 + outputSize ** 2),
    (hiddenChannels + outputChannels) * outputSize ** 2,
  ];
}
