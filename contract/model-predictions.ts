// What POST /v1/predictions answers about models.
import * as z from 'zod';
import { kernelKinds } from '#core/graph/kernel.ts';
import { loweringIds } from '#core/graph/lowerings.ts';
import type { ModelsReply } from '#core/serve/predict-models.ts';
import { modelIdSchema } from './model-id.ts';

/** Made when it is first asked for: the function that answers needs its type alone. */
export const modelPredictionReplySchema = z.lazy(() => {
  const kind = z.enum([...kernelKinds, 'run']).describe('`run` is what an inference costs beside its kernels.');
  const cost = { ms: z.number(), share: z.number().describe('Of the latency.') };
  /** With `explain`. */
  const uncertainty = {
    lowMs: z.number().exactOptional().describe("Lower end of the part's own interval, as if everything were known."),
    highMs: z.number().exactOptional().describe('Upper end of it.'),
    varianceShare: z
      .number()
      .exactOptional()
      .describe(
        'Share of the variance of ln latency; those of the parts sum to 1. Below 0: the part errs against the others.',
      ),
  };
  const perModel = (what: string) =>
    z.array(z.number()).describe(`${what}, one a model in the order of the request; 6 significant digits.`);

  const detailsSchema = z.strictObject({
    lowering: z.enum(loweringIds).describe("How the target's runtime was taken to launch the operators."),
    kinds: z
      .array(z.strictObject({ kind, launches: z.int(), ...cost, ...uncertainty }))
      .describe('Where the time goes, the dearest first. The milliseconds sum to the latency.'),
    places: z
      .array(
        z.strictObject({
          kind,
          operators: z.array(z.string()).describe('All that run as this one kernel.'),
          nodes: z
            .array(z.int())
            .describe("Their places in the canonical graph's nodes, that of the kernel's own operator first."),
          ...cost,
          ...uncertainty,
        }),
      )
      .exactOptional()
      .describe('With `explain`: one a launch, in order. They sum to the latency too.'),
    unknownShare: z.number().describe('Share of the time in operators unlike all that was learned from.'),
    unknownOperators: z.array(z.string()),
    unmeasuredShare: z.number().describe('Share in kinds of operators that the target was not measured with.'),
    unmeasuredOperators: z.array(z.string()),
    lacksInt8: z.boolean().describe('The model has int8 operators and the target no measurement of any.'),
  });

  return z
    .strictObject({
      models: z.array(modelIdSchema).describe('As asked.'),
      batchSizes: z.array(z.int()).describe('Images of one inference, one a model.'),
      confidence: z.number().describe('Probability that an interval is to have.'),
      budgetMs: z.number().exactOptional().describe('As asked.'),
      results: z
        .array(
          z.strictObject({
            target: z.string(),
            predictor: z.strictObject({ version: z.string(), hash: z.string() }),
            measurements: z.int().describe('Measurements of the target that the predictions rest on.'),
            trust: z.array(z.enum(['trusted', 'measure-first', 'out-of-domain'])).describe('One a model.'),
            trustReason: z.array(z.string()).describe('One a model.'),
            latencyMs: perModel('Predicted latency (median), ms'),
            lowMs: perModel('Lower end of the interval, ms: wider where something is unknown'),
            highMs: perModel('Upper end of the interval, ms'),
            withinBudgetProbability: z
              .array(z.number())
              .exactOptional()
              .describe('Probability that the latency is at most budgetMs; with a budget only; 4 decimals.'),
            details: z.array(detailsSchema).describe('One a model.'),
          }),
        )
        .describe('One a target, in the order of the request.'),
    })
    .meta({ id: 'ModelPredictionReply' }) satisfies z.ZodType<ModelsReply>;
});
