// Whether a target still behaves as in its last profile: three of its networks, measured again and compared. Pure.
import * as z from 'zod';

/** One network of a profile. */
export const networkSchema = z.strictObject({
  /** Index into the workloads of the profile. */
  workload: z.int().nonnegative(),
  architecture: z.string().min(1),
});

export const canarySchema = z.strictObject({
  ...networkSchema.shape,
  medianMs: z.number().positive(),
  /** Half width of the 95 % interval of the median, relative. */
  halfWidth: z.number().nonnegative(),
});
export type Canary = z.infer<typeof canarySchema>;

/** A change smaller than this is not worth a new profile, however surely it is there. */
export const leastChange = 0.05;

/** The fastest, the middle and the slowest: a change of clock moves all, one of memory or runtime some. */
export function chooseCanaries<T extends { readonly medianMs: number }>(measured: readonly T[]): T[] {
  const sorted = [...measured].sort((a, b) => a.medianMs - b.medianMs);
  if (sorted.length <= 3) return sorted;
  return [sorted[0]!, sorted[Math.floor(sorted.length / 2)]!, sorted.at(-1)!];
}

export type Comparison =
  | { readonly verdict: 'unchanged' | 'changed'; readonly ratios: readonly number[] }
  | { readonly verdict: 'unclear'; readonly reason: string };

/** Changed: most canaries moved, in one direction, by more than both the least change and the noise of the two
 * measurements (their intervals do not meet). */
export function compareCanaries(then: readonly Canary[], now: readonly (Canary & { stable: boolean })[]): Comparison {
  const pairs = now
    .filter((canary) => canary.stable)
    .flatMap((canary) => {
      const old = then.find(
        ({ workload, architecture }) => workload === canary.workload && architecture === canary.architecture,
      );
      return old === undefined ? [] : [{ old, canary, ratio: canary.medianMs / old.medianMs }];
    });
  const needed = Math.min(2, then.length);
  if (pairs.length < needed || needed === 0) {
    return { verdict: 'unclear', reason: `${pairs.length} of ${then.length} canaries could be measured steadily` };
  }
  const moved = pairs.filter(({ old, canary, ratio }) => {
    const noise = old.halfWidth + canary.halfWidth;
    return Math.abs(Math.log(ratio)) > Math.max(Math.log1p(leastChange), noise);
  });
  const slower = moved.filter(({ ratio }) => ratio > 1).length;
  const most = Math.floor(pairs.length / 2) + 1;
  const ratios = pairs.map(({ ratio }) => ratio);
  return { verdict: Math.max(slower, moved.length - slower) >= most ? 'changed' : 'unchanged', ratios };
}
