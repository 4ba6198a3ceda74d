// What a training run is to do. Part of the run's record; runs with the same settings on the same snapshot decide
// alike.
import * as z from 'zod';

export const runSettingsSchema = z.strictObject({
  /** One candidate each; the best is compared with the champion. */
  seeds: z.array(z.int().nonnegative()).min(1).max(4).default([0]),
  steps: z.int().min(1).max(20_000).default(1000),
  /** At most so many groups of devices are held out in turn, at the cost of a fit each. With no more devices than
   * groups every device is a group of its own: leave-one-device-out. */
  folds: z.int().min(2).max(40).default(12),
  /** Random draws of measurements for each held-out target. */
  repeats: z.int().min(1).max(20).default(5),
});
export type RunSettings = z.infer<typeof runSettingsSchema>;

/** Steps between two reports, some seconds: how soon a fit notices a stop, and where it can go on. Part of what a fit's
 * bytes depend on. */
export const stepsPerReport = 10;
/** How many measurements of a held-out target the predictors get. */
export const evaluatedMeasurements = [3, 10, 20] as const;
