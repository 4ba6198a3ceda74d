// Shares of kernels among everything measured on a target: as its profiles said them, of whom a join or a withdrawal
// gives each network's new place.
import * as z from 'zod';
import { type KernelShares, kernelSharesSchema } from './kernel-shares.ts';

const index = z.int().nonnegative();

/** Fields of a target's data; each left out: none. */
export const targetSharesShape = {
  /** `[workload, architecture, profile, shares]`, the first three as indices; ascending. */
  shares: z
    .array(z.tuple([index, index, index, kernelSharesSchema]))
    .min(1)
    .exactOptional(),
  /** `[model, profile, shares]`, the first two as indices; ascending. */
  modelShares: z
    .array(z.tuple([index, index, kernelSharesSchema]))
    .min(1)
    .exactOptional(),
};

const targetSharesSchema = z.strictObject(targetSharesShape);
export type TargetShares = z.infer<typeof targetSharesSchema>;

/** Where what a part of the data names by its own indices stands in the whole; undefined: not at all. */
export interface NewPlaces {
  workload(at: number): number | undefined;
  architecture(at: number): number | undefined;
  profile(at: number): number | undefined;
  model(at: number): number | undefined;
}

/** The shares of several parts together, each of a network and profile once. */
export function movedShares(parts: readonly (readonly [TargetShares, NewPlaces])[]): TargetShares {
  const shares = new Map<string, NonNullable<TargetShares['shares']>[number]>();
  const modelShares = new Map<string, NonNullable<TargetShares['modelShares']>[number]>();
  for (const [part, places] of parts) {
    for (const [workload, architecture, profile, own] of part.shares ?? []) {
      const [run, row, column] = [
        places.workload(workload),
        places.architecture(architecture),
        places.profile(profile),
      ];
      if (run === undefined || row === undefined || column === undefined) continue;
      shares.set(`${run} ${row} ${column}`, [run, row, column, own]);
    }
    for (const [model, profile, own] of part.modelShares ?? []) {
      const [row, column] = [places.model(model), places.profile(profile)];
      if (row === undefined || column === undefined) continue;
      modelShares.set(`${row} ${column}`, [row, column, own]);
    }
  }
  return {
    ...(shares.size > 0 && { shares: [...shares.values()].sort(byPlace) }),
    ...(modelShares.size > 0 && { modelShares: [...modelShares.values()].sort(byPlace) }),
  };
}

/** By the first number that differs. */
function byPlace(a: readonly (number | KernelShares)[], b: readonly (number | KernelShares)[]): number {
  const at = a.findIndex((own, i) => typeof own === 'number' && own !== b[i]);
  return at < 0 ? 0 : (a[at] as number) - (b[at] as number);
}

/** The mean over profiles, a kind that one of them does not tell counting as none; undefined of none. */
export function meanShares(profiles: readonly KernelShares[]): KernelShares | undefined {
  if (profiles.length <= 1) return profiles[0];
  const words = [...new Set(profiles.flatMap((own) => Object.keys(own)))].sort();
  const mean = (word: string): number => profiles.reduce((sum, own) => sum + (own[word] ?? 0), 0) / profiles.length;
  return Object.fromEntries(words.map((word) => [word, mean(word)]));
}
