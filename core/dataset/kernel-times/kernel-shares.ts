// Kernel times as predictions use them: a share a kind, whatever the order in which kernels were run.
import * as z from 'zod';
import type { KernelTimes } from './kernel-times.ts';

/** Share of the kernels of each kind in the time of all kernels of a run, by word (kernel-times.ts). */
export const kernelSharesSchema = z.record(z.string(), z.number().min(0).max(1));
export type KernelShares = Readonly<z.infer<typeof kernelSharesSchema>>;

/** Kinds ascending in code units. */
export function kernelShares({ kinds, kernels, shares }: KernelTimes): KernelShares {
  const sums = new Float64Array(kinds.length);
  kernels.forEach((kind, i) => {
    sums[kind]! += shares[i]!;
  });
  const ascending = [...kinds.keys()].sort((a, b) => (kinds[a]! < kinds[b]! ? -1 : 1));
  return Object.fromEntries(ascending.map((i) => [kinds[i]!, Math.min(1, Number(sums[i]!.toPrecision(6)))]));
}
