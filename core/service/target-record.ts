// What is kept about a target beside its measurements: targets/{searchSpace}/{targetId}.json.
import { z } from 'zod';
import { searchSpaceIds } from '#core/search-space/search-space.ts';

/** Also a part of keys and URLs. */
export const targetIdSchema = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/, '1 to 128 letters, digits, dots, underscores and hyphens');

export const targetRecordSchema = z.strictObject({
  searchSpace: z.enum(searchSpaceIds),
  targetId: targetIdSchema,
  /** For people: what the target is. */
  title: z.string(),
  /** Where its measurements come from: a published table or an enrolled device. */
  source: z.enum(['table', 'device']),
  /** Distinct architectures with a usable latency. */
  measurements: z.int().nonnegative(),
  /** Measurements that were left out, by reason. */
  excluded: z.record(z.string(), z.int().positive()),
  /** `contradictory`: measurements disagree with each other far beyond noise; predictions say measure-first. */
  quality: z.enum(['good', 'contradictory']),
  createdAt: z.iso.datetime(),
  updatedAt: z.iso.datetime(),
});
export type TargetRecord = z.infer<typeof targetRecordSchema>;
