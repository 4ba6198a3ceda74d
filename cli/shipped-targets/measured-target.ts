// A target of public measurements before it is adapted to: what it is, where its numbers come from, and the kernels of
// the networks that were measured on it.
import * as z from 'zod';
import type { ProfileTarget } from '#core/dataset/profile-target.ts';
import type { CountRow } from '#core/predictor/kernels/kernel-table.ts';

const words = z.string().min(1).max(400);

/** What is told of a shipped target beside its numbers. */
export const targetDescriptionSchema = z.strictObject({
  id: z.string().regex(/^[a-z0-9]+(?:-[a-z0-9]+)*$/),
  /** For a line of a table. */
  title: words,
  /** As the source names it. */
  hardware: words,
  /** null: the source does not say. */
  runtime: words.nullable(),
  source: words,
  licence: words,
  /** Shown where no target is asked for. */
  usual: z.boolean(),
});
export type TargetDescription = z.infer<typeof targetDescriptionSchema>;

export interface MeasuredNetwork {
  /** One row a lowering, of kernels of the network's own batch size. */
  readonly rows: readonly CountRow[];
  /** Times that batch size. */
  readonly batch: number;
  readonly latencyMs: number;
}

export interface MeasuredTarget {
  readonly description: TargetDescription;
  readonly networks: readonly MeasuredNetwork[];
  /** How many measurements the source has; those above are an even choice of them. */
  readonly available: number;
}

/** Most measurements that an adaptation is made from. */
export const mostMeasurements = 100;

/** A profile's runtime in words: its name, version and execution provider as far as they are known, and its
 * settings. */
export function runtimeInWords({ name, version, executionProvider, settings }: ProfileTarget['runtime']): string {
  const told = Object.entries(settings).map(([setting, value]) => `${setting} ${value}`);
  return [name, version, executionProvider, ...told].filter((x) => x !== null).join(', ');
}
