// Networks as counts of kernels. Every kernel that differs stands once in a table; a network under a lowering is a
// sparse row of counts over it.
import type { Kernel, KernelCount } from '#core/graph/kernel.ts';
import { runConstant } from './kernel-features.ts';

/** A network under one lowering: `counts[i]` launches of kernel `kernels[i]` of the table, the run's constant among
 * them. */
export interface CountRow {
  readonly kernels: Int32Array;
  readonly counts: Float64Array;
}

export interface KernelTable {
  readonly kernels: readonly Kernel[];
  /** Adds what it does not know yet. */
  indexOf(kernel: Kernel): number;
  /** The row of a network's kernels and the constant of its run. */
  row(launches: readonly Pick<KernelCount, 'kernel' | 'count'>[]): CountRow;
}

/** Two kernels with the same key have the same features and classes. */
export const kernelKey = (k: Kernel): string =>
  [
    k.kind,
    k.operator,
    k.type,
    k.batch,
    k.inputChannels,
    k.outputChannels,
    k.inputPositions,
    k.outputPositions,
    k.window[0],
    k.window[1],
    k.stride,
    k.dilation,
    k.groups,
    k.macs,
    k.weightBytes,
    k.inputBytes,
    k.outputBytes,
    k.activation ?? '',
    k.addends,
    k.blocked ? 1 : 0,
  ].join(' ');

/** Starts with the run's constant, at index 0. */
export function kernelTable(): KernelTable {
  const kernels: Kernel[] = [runConstant];
  const known = new Map<string, number>([[kernelKey(runConstant), 0]]);
  const indexOf = (kernel: Kernel): number => {
    const key = kernelKey(kernel);
    const index = known.get(key) ?? kernels.length;
    if (index === kernels.length) {
      known.set(key, index);
      kernels.push(kernel);
    }
    return index;
  };
  return {
    kernels,
    indexOf,
    row(launches) {
      const counts = new Map<number, number>([[0, 1]]);
      for (const { kernel, count } of launches) {
        const index = indexOf(kernel);
        counts.set(index, (counts.get(index) ?? 0) + count);
      }
      const sorted = [...counts].sort(([a], [b]) => a - b);
      return { kernels: Int32Array.from(sorted, ([k]) => k), counts: Float64Array.from(sorted, ([, n]) => n) };
    },
  };
}
