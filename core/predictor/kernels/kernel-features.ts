// What the price network sees of a kernel: kind, work, traffic, shape. Everything is a logarithm, a flag or a small
// number, so that standardised features are of order 1 for kernels of every size.
import { type Kernel, type KernelKind, kernelKinds } from '#core/graph/kernel.ts';
import { bytesOfElement } from '#core/graph/operator-graph.ts';

/** Stands for what a run costs beside its kernels (the session's call, the launch of the whole); every network has it
 * once. It is no kernel of any lowering. */
export const runConstant: Kernel = {
  kind: 'other',
  operator: '(run)',
  type: 'float32',
  batch: 1,
  inputChannels: 0,
  outputChannels: 0,
  inputPositions: 0,
  outputPositions: 0,
  window: [1, 1],
  stride: 1,
  dilation: 1,
  groups: 1,
  macs: 0,
  weightBytes: 0,
  inputBytes: 0,
  outputBytes: 0,
  activation: undefined,
  addends: 0,
  blocked: false,
};

/** Whether a kernel stands for the constant of a run instead of something that is launched. */
export const isRunConstant = (kernel: Kernel): boolean => kernel.operator === runConstant.operator;

/** The same kernel for `batch` times as many images: weights and shapes stay, work and traffic grow. The constant of a
 * run is one for all batch sizes. */
export function atBatch(kernel: Kernel, batch: number): Kernel {
  if (batch === 1 || isRunConstant(kernel)) return kernel;
  return {
    ...kernel,
    batch: kernel.batch * batch,
    macs: kernel.macs * batch,
    inputBytes: kernel.inputBytes * batch,
    outputBytes: kernel.outputBytes * batch,
  };
}

/** How dear an activation is: a comparison, a rational or exponential gate, or a special function. */
export type ActivationCost = 'cheap' | 'gate' | 'special';

const cheapActivations = new Set([
  'Relu',
  'Clip',
  'LeakyRelu',
  'PRelu',
  'Neg',
  'Abs',
  'ThresholdedRelu',
  'Sign',
  'Not',
]);
const gates = new Set([
  'Sigmoid',
  'HardSigmoid',
  'HardSwish',
  'Tanh',
  'Swish',
  'Silu',
  'QuickGelu',
  'Softsign',
  'Celu',
]);

/** How dear an activation is, by its operator; one that is not known counts as a special function. */
export function activationCost(operator: string): ActivationCost {
  if (cheapActivations.has(operator)) return 'cheap';
  return gates.has(operator) ? 'gate' : 'special';
}

const computeKinds: ReadonlySet<KernelKind> = new Set<KernelKind>([
  'convolution',
  'depthwise-convolution',
  'grouped-convolution',
  'transposed-convolution',
  'fully-connected',
  'batched-product',
  'recurrent',
  'attention',
]);

/** Whether multiply-accumulates, not traffic, are what a kernel is for. */
export const isCompute = (kernel: Kernel): boolean => computeKinds.has(kernel.kind);

/** Side of a square of as many positions. */
export const side = (positions: number): number => Math.sqrt(positions);

/** Work of one launch, at `batch` times the kernel's own batch size. Sizes in units of four bytes (one float32). */
export function kernelWork(kernel: Kernel, batch = 1) {
  return {
    macs: kernel.macs * batch,
    read: (kernel.inputBytes / 4) * batch,
    written: (kernel.outputBytes / 4) * batch,
    weights: kernel.weightBytes / 4,
  };
}

const small = (x: number): number => Math.log1p(x) / 4;
const flag = (is: boolean): number => (is ? 1 : 0);

/** Share of vector registers of so many lanes that is filled in vain: what libraries for a CPU or a GPU pad. */
const waste = (channels: number, lanes: number): number =>
  channels === 0 ? 0 : 1 - channels / (Math.ceil(channels / lanes) * lanes);

/** Between 0 and 1. */
const flagFeatures = {
  inputWaste8: (k: Kernel) => waste(k.inputChannels, 8),
  inputWaste16: (k: Kernel) => waste(k.inputChannels, 16),
  inputWaste32: (k: Kernel) => waste(k.inputChannels, 32),
  outputWaste8: (k: Kernel) => waste(k.outputChannels, 8),
  outputWaste16: (k: Kernel) => waste(k.outputChannels, 16),
  outputWaste32: (k: Kernel) => waste(k.outputChannels, 32),
  dilated: (k: Kernel) => flag(k.dilation > 1),
  fusedActivation: (k: Kernel) => flag(k.activation !== undefined),
  fusedGate: (k: Kernel) => flag(k.activation !== undefined && activationCost(k.activation) !== 'cheap'),
  blocked: (k: Kernel) => flag(k.blocked),
  gate: (k: Kernel) => flag(k.kind === 'activation' && activationCost(k.operator) === 'gate'),
  special: (k: Kernel) => flag(k.kind === 'activation' && activationCost(k.operator) === 'special'),
  maximum: (k: Kernel) => flag(k.kind === 'pool' && k.operator.includes('Max')),
  pointwise: (k: Kernel) => flag(k.kind === 'convolution' && k.window[0] * k.window[1] === 1),
  threeByThree: (k: Kernel) => flag(k.kind === 'convolution' && k.window[0] === 3 && k.window[1] === 3),
} satisfies Record<string, (kernel: Kernel) => number>;

const shapeFeatures = {
  macs: (_: Kernel, w: Work) => small(w.macs),
  read: (_: Kernel, w: Work) => small(w.read),
  written: (_: Kernel, w: Work) => small(w.written),
  weights: (_: Kernel, w: Work) => small(w.weights),
  inputChannels: (k: Kernel) => small(k.inputChannels),
  outputChannels: (k: Kernel) => small(k.outputChannels),
  side: (k: Kernel) => small(side(k.outputPositions)),
  window: (k: Kernel) => Math.min(Math.sqrt(k.window[0] * k.window[1]), 11) / 3,
  stride: (k: Kernel) => Math.min(k.stride, 4) - 1,
  addends: (k: Kernel) => Math.min(k.addends, 2),
  intensity: (_: Kernel, w: Work) => small(w.macs) - small(w.read + w.written + w.weights),
  elementBytes: (k: Kernel) => Math.log2(bytesOfElement[k.type] / 4),
  convolutionMacs: (k: Kernel, w: Work) => (k.kind === 'convolution' ? small(w.macs) : 0),
  depthwiseTraffic: (k: Kernel, w: Work) => (k.kind === 'depthwise-convolution' ? small(w.written) : 0),
  traffic: (k: Kernel, w: Work) => (isCompute(k) ? 0 : small(w.read + w.written)),
  matrixMacs: (k: Kernel, w: Work) =>
    k.kind === 'fully-connected' || k.kind === 'batched-product' ? small(w.macs) : 0,
  matrixWeights: (k: Kernel, w: Work) => (k.kind === 'fully-connected' ? small(w.weights) : 0),
  batch: (k: Kernel, _: Work, batch: number) => small(k.batch * batch),
} satisfies Record<string, (kernel: Kernel, work: Work, batch: number) => number>;

type Work = ReturnType<typeof kernelWork>;

export const kernelFeatureNames: readonly string[] = [
  ...kernelKinds,
  'run',
  ...Object.keys(flagFeatures),
  ...Object.keys(shapeFeatures),
];

/** The first features are flags and are not standardised. */
export const flagCount = kernelKinds.length + 1;

/** One row of features [kernelFeatureNames.length] of a kernel at `batch` times its own batch size. */
export function kernelFeatures(kernel: Kernel, batch = 1): number[] {
  const work = kernelWork(kernel, batch);
  const run = isRunConstant(kernel);
  return [
    ...kernelKinds.map((kind) => flag(!run && kind === kernel.kind)),
    flag(run),
    ...Object.values(flagFeatures).map((feature: (k: Kernel) => number) => feature(kernel)),
    ...Object.values(shapeFeatures).map((feature: (k: Kernel, w: Work, b: number) => number) =>
      feature(kernel, work, batch),
    ),
  ];
}
