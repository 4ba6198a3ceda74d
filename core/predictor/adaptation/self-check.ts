// What a target's own measurements say about how far its predictions can be believed, as it is kept with an adaptation.
// check-measurements.ts decides it.
import * as z from 'zod';

/** Fewer measurements say too little about each other. */
export const fewestMeasurements = 5;

export const selfCheckSchema = z.strictObject({
  /** Each measurement predicted from the others; null below `fewestMeasurements`. */
  leftOut: z
    .strictObject({
      measurements: z.int().positive(),
      /** Median of |ln(measured / predicted)|. */
      medianError: z.number().nonnegative(),
      /** Its 80th percentile. */
      error80: z.number().nonnegative(),
      /** Share inside the 90 % interval. */
      coverage90: z.number().min(0).max(1),
      /** Share of the variance of ln latency that the predictions explain; at most 1, negative when a constant would
       * do better. null: the measurements are all equal. */
      explained: z.number().max(1).nullable(),
    })
    .nullable(),
  /** How the measurements contradict each other, in a sentence: no noise that the predictor knows explains it, or the
   * same architecture was measured very differently. null: they do not. */
  contradiction: z.string().nullable(),
});

export type SelfCheck = z.infer<typeof selfCheckSchema>;
