// The form of POST /v1/predictions.
import * as z from 'zod';
import { mostBatchSize, workloadSchema } from '#core/search-space/workload.ts';
import { type PredictReply, predictionLimits } from '#core/serve/predict-latencies.ts';
import { modelPredictionLimits } from '#core/serve/predict-models.ts';
import { modelIdSchema } from './model-id.ts';
import { modelPredictionReplySchema } from './model-predictions.ts';
import type { OperationsOf, RequestBodyLimits } from './operation.ts';
import { searchSpaceNameSchema } from './search-space-name.ts';

/** 100000 → 100,000. By hand: the first use of a locale takes 15 ms of a cold start. */
const grouped = (count: number): string => String(count).replace(/\B(?=(\d{3})+$)/g, ',');

const targetNameSchema = z.string().min(1).max(256);

export const predictRequestSchema = z
  .strictObject({
    searchSpace: searchSpaceNameSchema.optional().describe('Of the architectures. Exactly with them.'),
    inputSize: z
      .int()
      .positive()
      .max(4096)
      .optional()
      .describe('Height and width of the input, pixels. Default: the usual one of the search space.'),
    batchSize: z
      .int()
      .positive()
      .max(mostBatchSize)
      .optional()
      .describe('Images per inference. Default 1; of a model its own, and only multiples of that can be.'),
    target: targetNameSchema.optional().describe('The target to predict for. Exactly one of target and targets.'),
    targets: z
      .array(targetNameSchema)
      .min(1)
      .max(predictionLimits.targets)
      .optional()
      .describe(`Several targets. Architectures × targets may be at most ${grouped(predictionLimits.predictions)}.`),
    // The upper limit is checked by the use case, which has a code and a status of its own for it.
    architectures: z
      .array(z.string().max(1024))
      .min(1)
      .optional()
      .meta({ maxItems: predictionLimits.architectures })
      .describe("Architectures in the search space's canonical text. Exactly one of architectures and models."),
    models: z
      .array(modelIdSchema)
      .min(1)
      .max(modelPredictionLimits.models)
      .optional()
      .describe('Ids of models that POST /v1/models answered.'),
    explain: z.boolean().optional().describe('Of models: tell where in the network the time goes.'),
    budgetMs: z.number().positive().max(1e9).optional().describe('Latency budget, ms.'),
    confidence: z
      .number()
      .gt(0)
      .lt(1)
      .optional()
      .describe('Probability that the interval from lowMs to highMs is to have. Default 0.9.'),
  })
  .refine(({ target, targets }) => (target === undefined) !== (targets === undefined), {
    message: 'give exactly one of target and targets',
    path: ['target'],
  })
  .refine(({ architectures, models }) => (architectures === undefined) !== (models === undefined), {
    message: 'give exactly one of architectures and models',
    path: ['architectures'],
  })
  .refine(({ architectures, searchSpace }) => (architectures === undefined) === (searchSpace === undefined), {
    message: 'architectures are of a search space, and models of none',
    path: ['searchSpace'],
  })
  .refine(({ models, inputSize }) => models === undefined || inputSize === undefined, {
    message: 'a model states its own',
    path: ['inputSize'],
  })
  .refine(({ models, explain }) => models !== undefined || explain === undefined, {
    message: 'only models are explained',
    path: ['explain'],
  })
  .meta({
    id: 'PredictionRequest',
  });

type PredictionRequest = z.infer<typeof predictRequestSchema>;

/** Whether a request is one for models; otherwise it is one for architectures. */
export const asksForModels = (
  request: PredictionRequest,
): request is PredictionRequest & { readonly models: string[] } => request.models !== undefined;

/** Made when it is first asked for: the function that answers needs its type alone. */
export const predictReplySchema = z.lazy(() => {
  const perArchitecture = (what: string) =>
    z.array(z.number()).describe(`${what}, one an architecture in the order of the request; 6 significant digits.`);

  return z
    .strictObject({
      ...workloadSchema.shape,
      architectures: z.int().describe('How many architectures the arrays are for.'),
      confidence: z.number().describe('Probability that an interval is to have.'),
      budgetMs: z.number().optional().describe('As asked.'),
      results: z
        .array(
          z.strictObject({
            target: z.string(),
            predictor: z.strictObject({
              version: z.string(),
              hash: z.string().describe('SHA-256 of the predictor, hex. The same hash gives the same predictions.'),
            }),
            measurements: z.int().describe('Measurements of the target that the predictions rest on.'),
            trust: z.enum(['trusted', 'measure-first', 'out-of-domain']),
            trustReason: z.string(),
            latencyMs: perArchitecture('Predicted latency (median), ms'),
            lowMs: perArchitecture('Lower end of the interval, ms'),
            highMs: perArchitecture('Upper end of the interval, ms'),
            withinBudgetProbability: z
              .array(z.number())
              .optional()
              .describe('Probability that the latency is at most budgetMs; with a budget only; 4 decimals.'),
          }),
        )
        .describe('One a target, in the order of the request.'),
    })
    .meta({
      id: 'PredictionReply',
    }) satisfies z.ZodType<PredictReply>;
});

/** 20,000 of the longest architectures are 4 MB, and Lambda takes events of up to 6 MB. More names than are allowed are
 * read, so that they are counted in the refusal. */
export const predictionBody: RequestBodyLimits = {
  bytes: 5 * 2 ** 20,
  depth: 4,
  containers: 16,
  strings: 50_000,
  entries: 50_000,
  members: 16,
  scalars: 16,
};

export const predictOperations = {
  predict: {
    summary: 'Predict the latency of architectures, or of models, on targets',
    description:
      'Latencies come as one array a quantity, in the order of the architectures. `lowMs` and `highMs` bound a ' +
      'central interval of the stated confidence. A malformed architecture refuses the whole request and is named ' +
      'by its index. For models trust is said of each on each target, and where the time goes; their intervals are ' +
      'wider where something is unknown.',
    tag: 'predictions',
    body: predictRequestSchema,
    bodyLimits: predictionBody,
    reply: z.union([predictReplySchema, modelPredictionReplySchema]),
    refusals: [
      'invalid-architecture',
      'unknown-search-space',
      'unknown-target',
      'too-many-architectures',
      'not-found',
      'not-ready',
      'quota-exceeded',
    ],
  },
} as const satisfies OperationsOf<'predict'>;
