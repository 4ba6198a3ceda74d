// A kernel: what a runtime launches. Lowerings make them of operator graphs; the predictor gives each a price. Counts
// are of one inference at the graph's own batch size.
import type { ElementType } from './operator-graph.ts';

export const kernelKinds = [
  'convolution',
  'depthwise-convolution',
  'grouped-convolution',
  'transposed-convolution',
  'fully-connected',
  'batched-product',
  'pool',
  'reduction',
  'sum',
  'product',
  'activation',
  'softmax',
  'normalization',
  'batch-normalization',
  'concatenation',
  'split',
  'transpose',
  'pad',
  'gather',
  'resize',
  'reorder',
  'recurrent',
  'attention',
  'quantize',
  /** Reshapes and the like: launched by some runtimes, move nothing. */
  'view',
  'other',
] as const;
export type KernelKind = (typeof kernelKinds)[number];

export interface Kernel {
  readonly kind: KernelKind;
  /** ONNX operator that gave the kernel its name: tells a Relu from a Sigmoid, a Mul by a scalar from a gate. */
  readonly operator: string;
  /** What is computed in. */
  readonly type: ElementType;
  readonly batch: number;
  readonly inputChannels: number;
  readonly outputChannels: number;
  /** Positions (height × width, or length) of one image. */
  readonly inputPositions: number;
  readonly outputPositions: number;
  /** Height and width of the window; [1, 1] where there is none. */
  readonly window: readonly [number, number];
  readonly stride: number;
  readonly dilation: number;
  readonly groups: number;
  readonly macs: number;
  readonly weightBytes: number;
  /** Bytes of all inputs that are no weights. */
  readonly inputBytes: number;
  readonly outputBytes: number;
  /** What was fused into it: an activation's operator, or none. */
  readonly activation: string | undefined;
  /** Tensors added to its result before it is written. */
  readonly addends: number;
  /** Whether it works on a blocked (channels in groups of 8 or 16) layout. */
  readonly blocked: boolean;
}

/** A kernel and how often it is launched in one inference. */
export interface KernelCount {
  readonly kernel: Kernel;
  readonly count: number;
  /** Indices into the graph's nodes that the first of these launches stands for. */
  readonly nodes: readonly number[];
}
