// Everything that the report of a predictor shows, as plain data: what was evaluated on which held-out targets, how good
// each model was, and where the predictor comes from. The report draws it and computes nothing but summaries of it.
import * as z from 'zod';
import { searchSpaceIds } from '#core/search-space/search-space.ts';

const text = z.string().max(2000);
/** A number that may not exist, such as a rank correlation of constants: NaN is no JSON. */
const metric = z.number().nullable();
const latencies = z.array(z.number().positive());

/** `candidate` is the predictor the report is about; `ridge` a regression on the measurements alone. */
export const reportModels = ['candidate', 'champion', 'ridge'] as const;
export type ReportModel = (typeof reportModels)[number];

export const reportScoreSchema = z.strictObject({
  model: z.enum(reportModels),
  target: text,
  measurements: z.int().nonnegative(),
  selection: z.enum(['random', 'chosen']),
  spearmanTrimmed: metric,
  spearman: metric,
  within5: metric,
  within10: metric,
  medianApe: metric,
  coverage90: metric,
});
export type ReportScore = z.infer<typeof reportScoreSchema>;

/** The candidate's predictions for one target under `shown`, each beside its measurement. */
export const reportPredictionsSchema = z
  .strictObject({ target: text, measuredMs: latencies, predictedMs: latencies })
  .refine((p) => p.measuredMs.length === p.predictedMs.length, 'measuredMs and predictedMs differ in length');
export type ReportPredictions = z.infer<typeof reportPredictionsSchema>;

export const reportInputSchema = z.strictObject({
  searchSpace: z.enum(searchSpaceIds),
  version: text,
  hash: text,
  createdAt: z.iso.datetime(),
  /** Whether it was promoted, and why or why not; absent where nothing was to decide. */
  decision: z.strictObject({ outcome: z.enum(['promoted', 'refused']), reasons: z.array(text).max(100) }).optional(),
  /** The predictor that was champion at the time; absent where there was none. */
  champion: z.strictObject({ version: text }).optional(),
  /** Candidate less champion, averaged over targets, with a 95 % interval of that mean. */
  differences: z
    .array(
      z.strictObject({
        metric: z.enum(['spearmanTrimmed', 'spearman', 'within5', 'within10', 'medianApe', 'coverage90']),
        difference: z.number(),
        low: z.number(),
        high: z.number(),
      }),
    )
    .default([]),
  /** Which scores stand in the headline and in the comparison of targets. */
  shown: z.strictObject({ measurements: z.int().nonnegative(), selection: z.enum(['random', 'chosen']) }),
  /** How targets were held out, and how measurements were drawn, in a sentence or two. */
  protocol: text,
  targets: z.array(z.strictObject({ id: text, architectures: z.int().nonnegative() })),
  scores: z.array(reportScoreSchema),
  predictions: z.array(reportPredictionsSchema).default([]),
  /** Share of measurements inside the central interval of each nominal confidence. */
  coverage: z
    .array(z.strictObject({ target: text, confidence: z.number().gt(0).lt(1), observed: z.number().min(0).max(1) }))
    .default([]),
  trainingLoss: z.array(z.strictObject({ step: z.int().nonnegative(), loss: z.number() })).default([]),
  lineage: z.strictObject({
    seed: z.int(),
    steps: z.int().positive(),
    architectures: z.int().positive(),
    targets: z.array(z.strictObject({ id: text, measurements: z.int().nonnegative() })),
    dataHash: text,
    /** Anything more worth saying, such as the snapshot and its hash: name and value. */
    more: z
      .array(z.strictObject({ name: text, value: text }))
      .max(100)
      .default([]),
  }),
  /** Where the predictor must not be trusted, one sentence each. */
  limits: z.array(text).max(100).default([]),
});
export type ReportInput = z.output<typeof reportInputSchema>;
