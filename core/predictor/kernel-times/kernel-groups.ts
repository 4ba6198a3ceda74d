// Groups of kernels that a runtime's profiler and every lowering know, however they fuse: what computes, by kind and
// window, and everything else together. What is fused into a kernel belongs to it on both sides.
import type { KernelShares } from '#core/dataset/kernel-times/kernel-shares.ts';
import { readKernelWord } from '#core/dataset/kernel-times/kernel-word.ts';
import type { Kernel, KernelKind } from '#core/graph/kernel.ts';

export const kernelGroups = [
  'convolution-1',
  'convolution-wide',
  'depthwise-convolution',
  'grouped-convolution',
  'transposed-convolution',
  'product',
  'pool',
  'rest',
] as const;
export type KernelGroup = (typeof kernelGroups)[number];

const groupOfKind: Partial<Record<KernelKind, KernelGroup>> = {
  'grouped-convolution': 'grouped-convolution',
  'transposed-convolution': 'transposed-convolution',
  'fully-connected': 'product',
  'batched-product': 'product',
  attention: 'product',
  pool: 'pool',
};

/** A batch normalisation behind a sum is a depthwise convolution of 1 × 1 to some runtimes, and no convolution. */
export function groupOfKernel({ kind, window: [height, width] }: Pick<Kernel, 'kind' | 'window'>): KernelGroup {
  const isPointwise = height * width === 1;
  if (kind === 'convolution') return isPointwise ? 'convolution-1' : 'convolution-wide';
  if (kind === 'depthwise-convolution') return isPointwise ? 'rest' : kind;
  return groupOfKind[kind] ?? 'rest';
}

/** Some groups of one network as one, and what share of its kernels' time they take. */
export interface GroupShare {
  readonly groups: readonly KernelGroup[];
  readonly share: number;
}

/** Where more cannot be told, the rest is not known either. */
const mostUntold = 0.01;
/** Clocks of profilers tick in microseconds. */
const leastShare = 0.005;

/** Shares of groups; none where a noticeable part of the run is of no known kind. Convolutions whose windows are not
 * all known are one group. */
export function groupShares(shares: KernelShares): GroupShare[] {
  const sums = new Map<KernelGroup, number>();
  let untold = 0;
  let windowless = false;
  for (const [text, share] of Object.entries(shares)) {
    const word = readKernelWord(text);
    if (word === undefined || word.kind === 'other') {
      untold += share;
      continue;
    }
    if (word.kind === 'convolution' && word.window === undefined) windowless = true;
    // A depthwise convolution of no known window is a wide one.
    const group = groupOfKernel({ kind: word.kind, window: word.window ?? [3, 3] });
    sums.set(group, (sums.get(group) ?? 0) + share);
  }
  if (untold > mostUntold) return [];
  const told = [...sums].map(([group, share]): GroupShare => ({ groups: [group], share }));
  return (windowless ? joinedConvolutions(told) : told).filter(({ share }) => share >= leastShare);
}

function joinedConvolutions(told: readonly GroupShare[]): GroupShare[] {
  const isDense = ({ groups: [group] }: GroupShare): boolean =>
    group === 'convolution-1' || group === 'convolution-wide';
  const share = told.filter(isDense).reduce((sum, own) => sum + own.share, 0);
  return [{ groups: ['convolution-1', 'convolution-wide'], share }, ...told.filter((own) => !isDense(own))];
}
