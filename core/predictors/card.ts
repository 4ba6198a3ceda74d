// The card of a predictor with everything a training run knows of it: predictors/{version}/card.json.
// Written once, last of the predictor's files, so that a predictor with a card is complete. Predictions of the
// evaluation, which only the report draws, lie beside it in predictions.json.
import * as z from 'zod';
import { workloadSchema } from '#core/search-space/workload.ts';
import type { Store } from '#core/store/store.ts';
import { readJson } from '#core/store/stored-json.ts';
import { predictorKey } from './keys.ts';

const hex256 = z.string().regex(/^[0-9a-f]{64}$/);
/** null: the metric does not exist there, such as a rank correlation of constants. */
const metric = z.number().nullable();
const text = z.string().max(2000);

/** `candidate` is the predictor of the card; `champion` the one in use at the time; `ridge` a regression on the
 * measurements alone. */
export const evaluatedModels = ['candidate', 'champion', 'ridge'] as const;
export type EvaluatedModel = (typeof evaluatedModels)[number];

export const accuracyMetrics = [
  'spearmanTrimmed',
  'spearman',
  'within5',
  'within10',
  'medianApe',
  'coverage90',
] as const;
export type AccuracyMetric = (typeof accuracyMetrics)[number];

/** One model on one held-out target with one workload. */
export const scoreSchema = z.strictObject({
  model: z.enum(evaluatedModels),
  target: text,
  /** Its hardware key, under the stored and the wire's name: all targets on that hardware are held out together. */
  device: text,
  ...workloadSchema.shape,
  measurements: z.int().positive(),
  selection: z.enum(['random', 'chosen']),
  spearmanTrimmed: metric,
  spearman: metric,
  within5: metric,
  within10: metric,
  medianApe: metric,
  coverage90: metric,
});
export type Score = z.infer<typeof scoreSchema>;

/** Share of measurements inside the central interval of a nominal confidence. */
export const coverageSchema = z.strictObject({
  target: text,
  ...workloadSchema.shape,
  confidence: z.number().gt(0).lt(1),
  observed: z.number().min(0).max(1),
});
export type Coverage = z.infer<typeof coverageSchema>;

/** Candidate less champion (or less ridge, where there was no champion): mean over hardware keys (`devices` of them)
 * with a two-sided 95 % interval. */
export const differenceSchema = z.strictObject({
  metric: z.enum(accuracyMetrics),
  against: z.enum(['champion', 'ridge']),
  devices: z.int().nonnegative(),
  difference: z.number(),
  low: z.number(),
  high: z.number(),
});
export type Difference = z.infer<typeof differenceSchema>;

export const evaluationSchema = z.strictObject({
  /** How targets were held out and measurements drawn, in a sentence or two. */
  protocol: text,
  folds: z.int().positive(),
  /** Which scores stand in a headline. */
  shown: z.strictObject({ measurements: z.int().positive(), selection: z.enum(['random', 'chosen']) }),
  scores: z.array(scoreSchema),
  differences: z.array(differenceSchema),
  coverage: z.array(coverageSchema),
  /** Targets, with workload, that have too few measurements to be evaluated on. */
  notEvaluated: z.array(text),
});
export type Evaluation = z.infer<typeof evaluationSchema>;

export const decisionSchema = z.strictObject({
  outcome: z.enum(['promoted', 'refused']),
  /** Sentences, for people; at least one either way. */
  reasons: z.array(text).min(1),
});
export type Decision = z.infer<typeof decisionSchema>;

export const cardSchema = z.strictObject({
  version: z.string(),
  hash: z.string().regex(/^[0-9a-f]{64}$/),
  createdAt: z.iso.datetime(),
  training: z.strictObject({
    seed: z.int(),
    steps: z.int().positive(),
    trainS: z.number().nonnegative(),
    /** Networks that it learned from: architectures of search spaces, and graphs of other families. */
    networks: z.int().positive(),
    targets: z.array(z.string()),
    /** SHA-256 over kernels, counts and latencies as trained on. */
    dataHash: z.string(),
  }),
  runId: z.string().optional(),
  /** The dataset it was trained on. */
  snapshot: z
    .strictObject({
      id: z.string(),
      manifestSha256: hex256,
      measurementsSha256: hex256,
      targets: z.array(z.strictObject({ id: text, device: text, measurements: z.int().nonnegative() })),
    })
    .optional(),
  /** The predictor that was champion at the time; absent where there was none. */
  champion: z.strictObject({ version: z.string() }).optional(),
  evaluation: evaluationSchema.optional(),
  /** What the run decided. Which predictor is in use is aliases.json's to say. */
  decision: decisionSchema.optional(),
  /** Mean loss of the steps before `step`. */
  learningCurve: z.array(z.strictObject({ step: z.int().positive(), loss: z.number() })),
  /** Where it must not be trusted, one sentence each. */
  limits: z.array(text),
});
export type Card = z.infer<typeof cardSchema>;

/** predictions.json: the candidate's predictions of one support set for each held-out target, beside the
 * measurements. */
export const heldOutPredictionsSchema = z.array(
  z.strictObject({
    target: text,
    ...workloadSchema.shape,
    measuredMs: z.array(z.number().positive()),
    predictedMs: z.array(z.number().positive()),
  }),
);
export type HeldOutPredictions = z.infer<typeof heldOutPredictionsSchema>;

/** @returns undefined where there is no such predictor
 * @throws DomainError `internal` when the stored card is not of its schema */
export async function readCard(store: Store, version: string): Promise<Card | undefined> {
  return (await readJson(store, predictorKey(version, 'card.json'), cardSchema))?.value;
}
