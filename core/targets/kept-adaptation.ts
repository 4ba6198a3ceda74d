// What is kept under an adaptation's key: the adaptation, or that there is none because everything measured on the
// target was withdrawn. That is kept too, with what it was made from, so that nothing older takes its place.
import * as z from 'zod';
import { adaptationSchema } from '#core/predictor/adaptation/adaptation.ts';
import { behaviourSchema } from '#core/predictor/whole-networks/behaviour.ts';

const withdrawnAdaptationSchema = z.strictObject({
  withdrawn: z.literal(true),
  /** As in an adaptation. */
  dataRevision: z.int().positive(),
});

/** What was adapted before behaviours were kept has none, nor has a target that came with the project. */
export const observedAdaptationSchema = adaptationSchema.extend({ behaviour: behaviourSchema.exactOptional() });
export type ObservedAdaptation = z.infer<typeof observedAdaptationSchema>;

export const keptAdaptationSchema = z.union([withdrawnAdaptationSchema, observedAdaptationSchema]);
export type KeptAdaptation = z.infer<typeof keptAdaptationSchema>;

/** Whether there is nothing to adapt to, for all of it was withdrawn. */
export const isWithdrawn = (kept: KeptAdaptation): kept is z.infer<typeof withdrawnAdaptationSchema> =>
  'withdrawn' in kept;

/** The adaptation that is kept; undefined for a target that was withdrawn. */
export const adaptationIn = (kept: KeptAdaptation): ObservedAdaptation | undefined =>
  isWithdrawn(kept) ? undefined : kept;
