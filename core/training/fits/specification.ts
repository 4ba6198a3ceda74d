// What one fit is made from, complete: the same specification gives the same bytes, so that its hash names the result.
// The kind of processor belongs to it: another kind rounds exp and sums differently, and a fit that was made there is
// another fit.
import { createHash } from 'node:crypto';
import * as z from 'zod';
import { DomainError } from '#core/errors.ts';
import { loweringIds } from '#core/graph/lowerings.ts';
import type { Store } from '#core/store/store.ts';
import { readJson } from '#core/store/stored-json.ts';
import { fitKey } from '#core/training/keys.ts';

/** Raised when the same specification would give other bytes than before. */
export const fitFormatVersion = 3;

export const fitSpecSchema = z.strictObject({
  /** 2: of a run that began before an upgrade, and goes on after it. */
  formatVersion: z.literal([2, fitFormatVersion]),
  snapshotId: z.string(),
  /** Schema id of the features of kernels: others give another fit. */
  features: z.string(),
  /** What networks are looked at under, in this order. */
  lowerings: z.array(z.enum(loweringIds)).min(1),
  /** Hardware keys that it must not learn from, sorted; all of them are in the snapshot. */
  heldOut: z.array(z.string()),
  /** The only targets it may learn from, sorted; null: all that the snapshot lets in. */
  only: z.array(z.string()).nullable(),
  seed: z.int(),
  steps: z.int().positive(),
  /** A fit can be stopped, and goes on, at multiples of these alone. */
  stepsPerReport: z.int().positive(),
  /** Kind of processor, as Node names it: `x64`, `arm64`. Left out in fits of older versions. */
  processor: z.string().optional(),
});
export type FitSpec = z.infer<typeof fitSpecSchema>;

/** Twenty-four hexadecimal digits of the specification's hash: equal specifications are one fit. */
export const fitIdOf = (spec: FitSpec): string =>
  createHash('sha256')
    .update(JSON.stringify(fitSpecSchema.parse(spec)))
    .digest('hex')
    .slice(0, 24);

/** @throws DomainError `not-found` */
export async function readFitSpec(store: Store, fitId: string): Promise<FitSpec> {
  const spec = await readJson(store, fitKey(fitId, 'spec.json'), fitSpecSchema);
  if (spec) return spec.value;
  throw new DomainError('not-found', `there is no fit '${fitId}'`);
}
