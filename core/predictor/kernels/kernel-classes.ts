// Classes of kernels that a device may price differently from every device seen before: each class has a coordinate of
// its own in a target's weights, with a learned width. A kernel is in several: what it is, how large, what is fused in.
// Classes say nothing of the batch size: 1 or 256 images of a layer are in the same ones.
import type { Kernel } from '#core/graph/kernel.ts';
import { bytesOfElement } from '#core/graph/operator-graph.ts';
import { activationCost, isCompute, isRunConstant, side } from './kernel-features.ts';

const sideEdges = [5, 10, 20, 40, 80];
const trafficEdges = [4e3, 2e4, 1e5, 5e5, 2.5e6];
const channelEdges = [24, 96, 384];

const bin = (edges: readonly number[], value: number): number => edges.filter((edge) => value >= edge).length;
const bins = (name: string, edges: readonly number[]): string[] => [...edges, 0].map((_, i) => `${name}-${i}`);

export const kernelClassNames: readonly string[] = [
  'convolution-1',
  'convolution-1-strided',
  'convolution-3',
  'convolution-3-strided',
  'convolution-5',
  'convolution-wide',
  'convolution-oblong',
  'depthwise-3',
  'depthwise-3-strided',
  'depthwise-5',
  'depthwise-wide',
  'grouped-convolution',
  'transposed-convolution',
  'fully-connected',
  'batched-product',
  'maximum-pool',
  'average-pool',
  'reduction',
  'sum',
  'product',
  'activation-cheap',
  'activation-gate',
  'activation-special',
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
  'view',
  'other',
  'run',
  'fused-sum',
  'fused-activation-cheap',
  'fused-activation-dear',
  'few-input-channels',
  'large-weights',
  'half-precision',
  'eight-bit',
  ...bins('side', sideEdges),
  ...bins('traffic', trafficEdges),
  ...bins('channels', channelEdges),
];

export const classIndex: ReadonlyMap<string, number> = new Map(kernelClassNames.map((name, i) => [name, i]));

/** A class in words: `convolution-3`, `384 channels and more`, `maps of 20 to 40`. */
export function classTitle(name: string): string {
  const [, what, at] = /^(side|traffic|channels)-(\d)$/.exec(name) ?? [];
  if (what === undefined) return name;
  const edges = { side: sideEdges, traffic: trafficEdges, channels: channelEdges }[what]!;
  const [from, to] = [edges[Number(at) - 1], edges[Number(at)]];
  const range = to === undefined ? `${from} and more` : from === undefined ? `less than ${to}` : `${from} to ${to}`;
  return { side: `maps of ${range}`, traffic: `${range} numbers`, channels: `${range} channels` }[what]!;
}

function mainClass(kernel: Kernel): string {
  const [height, width] = kernel.window;
  const strided = kernel.stride > 1 ? '-strided' : '';
  switch (kernel.kind) {
    case 'convolution':
      if (height !== width) return 'convolution-oblong';
      if (height === 1 || height === 3) return `convolution-${height}${strided}`;
      return height <= 5 ? 'convolution-5' : 'convolution-wide';
    case 'depthwise-convolution':
      if (Math.max(height, width) <= 3) return `depthwise-3${strided}`;
      return Math.max(height, width) <= 5 ? 'depthwise-5' : 'depthwise-wide';
    case 'pool':
      return kernel.operator.includes('Max') ? 'maximum-pool' : 'average-pool';
    case 'activation':
      return `activation-${activationCost(kernel.operator)}`;
    default:
      return kernel.kind;
  }
}

function precisionClass({ type }: Kernel): string[] {
  const bytes = bytesOfElement[type];
  return bytes === 2 ? ['half-precision'] : bytes <= 1 ? ['eight-bit'] : [];
}

const largeWeightBytes = 4 * 2 ** 20;

/** Names of the classes that a kernel is in. */
export function classesOf(kernel: Kernel): string[] {
  if (isRunConstant(kernel)) return ['run'];
  const classes = [mainClass(kernel), ...precisionClass(kernel)];
  if (kernel.addends > 0) classes.push('fused-sum');
  if (kernel.activation !== undefined) {
    classes.push(activationCost(kernel.activation) === 'cheap' ? 'fused-activation-cheap' : 'fused-activation-dear');
  }
  if (!isCompute(kernel)) {
    const perImage = (kernel.inputBytes + kernel.outputBytes) / 4 / Math.max(kernel.batch, 1);
    return [...classes, `traffic-${bin(trafficEdges, perImage)}`];
  }
  classes.push(`side-${bin(sideEdges, side(kernel.outputPositions))}`);
  classes.push(`channels-${bin(channelEdges, Math.max(kernel.inputChannels, kernel.outputChannels))}`);
  if (kernel.inputChannels <= 4) classes.push('few-input-channels');
  if (kernel.weightBytes > largeWeightBytes) classes.push('large-weights');
  return classes;
}

/** 1 where a kernel is in a class, [kernels · classes]. */
export function membershipOf(kernels: readonly Kernel[]): Float32Array {
  const membership = new Float32Array(kernels.length * kernelClassNames.length);
  kernels.forEach((kernel, i) => {
    for (const name of classesOf(kernel)) membership[i * kernelClassNames.length + classIndex.get(name)!] = 1;
  });
  return membership;
}
