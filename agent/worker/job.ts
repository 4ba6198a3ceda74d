// What the agent asks of its measuring process and what it gets back: one JSON line each way. The process is a fresh
// one for each network, so that a crash costs one measurement and nothing is left over from the one before.
import * as z from 'zod';
import { elementTypes } from '#core/graph/operator-graph.ts';

export const graphOptimizations = ['disabled', 'basic', 'extended', 'all'] as const;
export type GraphOptimization = (typeof graphOptimizations)[number];

const positive = z.number().positive();

export const jobSchema = z.strictObject({
  runtime: z.enum(['onnxruntime', 'onnxruntime-web']),
  modelPath: z.string().min(1),
  threads: z.int().positive(),
  graphOptimization: z.enum(graphOptimizations),
  seed: z.int(),
  /** Types and shapes of the inputs; left out: floats in the shapes that the model states, 1 where it leaves one
   * open. */
  inputs: z
    .array(
      z.strictObject({
        name: z.string(),
        type: z.enum(elementTypes),
        shape: z.array(z.int().nonnegative()).readonly(),
      }),
    )
    .exactOptional()
    .readonly(),
  rule: z.strictObject({
    warmUp: z.strictObject({ minRuns: z.int().positive(), windowMs: positive, tolerance: positive, maxMs: positive }),
    sampling: z.strictObject({
      minRuns: z.int().positive(),
      maxRuns: z.int().positive(),
      minMs: z.number().nonnegative(),
      maxMs: positive,
      tolerance: positive,
    }),
  }),
  /** Count so long after sampling, with perf's counters switched on around it; null: no counting. */
  countMs: positive.nullable(),
  /** Let the runtime write how long each kernel takes, into a file whose name begins so; left out: it does not, for
   * that slows its runs. */
  profileTo: z.string().min(1).exactOptional(),
});
export type Job = z.infer<typeof jobSchema>;

export const resultSchema = z.discriminatedUnion('ok', [
  z.strictObject({
    ok: z.literal(true),
    samplesMs: z.array(z.number().positive()).min(1),
    stable: z.boolean(),
    warmUpRuns: z.int().nonnegative(),
    countedRuns: z.int().nonnegative(),
    /** Version of the runtime. */
    version: z.string().nullable(),
  }),
  z.strictObject({ ok: z.literal(false), code: z.enum(['program-missing', 'program-failed']), message: z.string() }),
]);
export type JobResult = z.infer<typeof resultSchema>;
