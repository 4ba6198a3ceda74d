// Which share of networks' time is in kernels like those that were measured.
import type { Kernel } from '#core/graph/kernel.ts';
import { classesOf } from '#core/predictor/kernels/kernel-classes.ts';
import { isCompute, isRunConstant, kernelWork } from '#core/predictor/kernels/kernel-features.ts';
import type { CountRow } from '#core/predictor/kernels/kernel-table.ts';

/** Shares of the time of a network, mean over networks and lowerings. */
export interface Nearness {
  /** In a class of kernels of which one was measured. */
  readonly sameClass: number;
  /** Of those, near a measured one: arithmetic and traffic within a factor of 4, or of 2. */
  readonly within4: number;
  readonly within2: number;
}

/** ln of what a launch works and moves; the larger difference of the two tells how far two kernels are apart. */
function sizesOf(kernel: Kernel): readonly [number, number] {
  const { macs, read, written, weights } = kernelWork(kernel);
  const moved = Math.log(1 + read + written + weights);
  return [isCompute(kernel) ? Math.log(1 + macs) : moved, moved];
}

/** @param networks rows of counts [networks][lowerings]
 * @param measured of the same lowerings
 * @param price of one launch of a kernel of the table */
export function nearnessOf(
  kernels: readonly Kernel[],
  networks: readonly (readonly CountRow[])[],
  measured: readonly (readonly CountRow[])[],
  price: (kernel: number) => number,
): Nearness {
  const lowerings = networks[0]!.length;
  const classes = kernels.map((kernel) => classesOf(kernel)[0]!);
  const sizes = kernels.map(sizesOf);
  const sums = { sameClass: 0, within4: 0, within2: 0 };
  for (let l = 0; l < lowerings; l++) {
    const byClass = Map.groupBy(new Set(measured.flatMap((rows) => [...rows[l]!.kernels])), (k) => classes[k]!);
    const known = new Map<number, number>();
    const distanceOf = (k: number): number => {
      const met = known.get(k);
      if (met !== undefined) return met;
      const [work, moved] = sizes[k]!;
      const distances = (byClass.get(classes[k]!) ?? []).map((other) =>
        isRunConstant(kernels[k]!)
          ? 0
          : Math.max(Math.abs(sizes[other]![0] - work), Math.abs(sizes[other]![1] - moved)),
      );
      const least = Math.min(Number.POSITIVE_INFINITY, ...distances);
      known.set(k, least);
      return least;
    };
    for (const rows of networks) {
      const { kernels: launched, counts } = rows[l]!;
      const times = Array.from(launched, (k, i) => counts[i]! * price(k));
      const whole = times.reduce((sum, time) => sum + time, 0) * networks.length * lowerings;
      for (const [i, k] of launched.entries()) {
        const distance = distanceOf(k);
        const share = times[i]! / whole;
        if (distance < Number.POSITIVE_INFINITY) sums.sameClass += share;
        if (distance <= Math.log(4)) sums.within4 += share;
        if (distance <= Math.log(2)) sums.within2 += share;
      }
    }
  }
  return sums;
}
