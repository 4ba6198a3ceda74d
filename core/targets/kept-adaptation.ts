// What is kept under an adaptation's key: the adaptation, or that there is none because everything measured on the
// target was withdrawn. That is kept too, with what it was made from, so that nothing older takes its place.
import * as z from 'zod';
import { type Adaptation, adaptationSchema } from '#core/predictor/adaptation/adaptation.ts';

const withdrawnAdaptationSchema = z.strictObject({
  withdrawn: z.literal(true),
  /** As in an adaptation. */
  dataRevision: z.int().positive(),
});

export const keptAdaptationSchema = z.union([withdrawnAdaptationSchema, adaptationSchema]);
export type KeptAdaptation = z.infer<typeof keptAdaptationSchema>;

/** Whether there is nothing to adapt to, for all of it was withdrawn. */
export const isWithdrawn = (kept: KeptAdaptation): kept is z.infer<typeof withdrawnAdaptationSchema> =>
  'withdrawn' in kept;

/** The adaptation that is kept; undefined for a target that was withdrawn. */
export const adaptationIn = (kept: KeptAdaptation): Adaptation | undefined => (isWithdrawn(kept) ? undefined : kept);
