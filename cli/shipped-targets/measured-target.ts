// A target of public measurements before it is adapted to: what it is, where its numbers come from, and the kernels of
// the networks that were measured on it.
import * as z from 'zod';
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
