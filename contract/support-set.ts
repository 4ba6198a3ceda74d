// The form of GET /v1/search-spaces/{id}/support-set.
import * as z from 'zod';
import { mostBatchSize, workloadSchema } from '#core/search-space/workload.ts';
import { mostModels, mostSupport } from '#core/targets/support/most-support.ts';
import type { SupportSetReply } from '#core/targets/support/support-set.ts';
import { queryInteger, queryIntegerMeta } from './query-integer.ts';

const wholeNumber = (description: string, maximum: number) =>
  queryInteger(maximum).optional().meta(queryIntegerMeta(maximum, description));

export const supportSetQuerySchema = z.strictObject({
  count: queryInteger(mostSupport)
    .default(10)
    .meta(queryIntegerMeta(mostSupport, 'How many networks to measure.', { default: 10 })),
  inputSize: wholeNumber('Height and width of the input, pixels; default: the usual one of the search space.', 4096),
  batchSize: wholeNumber('Images per inference; default 1.', mostBatchSize),
  target: z
    .string()
    .max(256)
    .optional()
    .describe('Id of the target to measure on; without it, what a new target should start with.'),
  standard: z
    .enum(['true', 'false'])
    .transform((text) => text === 'true')
    .optional()
    .meta({
      description: 'Whether the standard networks may be chosen too; the reply has `networks` then. Default: false.',
      override: { type: 'boolean' },
    }),
  models: z
    .string()
    .regex(/^[0-9a-f]{64}(,[0-9a-f]{64})*$/, 'ids of models, of 64 hexadecimal digits each, with commas between')
    .transform((text) => text.split(','))
    .pipe(z.array(z.string()).max(mostModels, `at most ${mostModels} models`))
    .optional()
    .meta({
      description:
        `Ids of models that may be chosen too (POST /v1/models), at most ${mostModels}, with commas between; the ` +
        'reply has `networks` then.',
      override: { type: 'string' },
    }),
});

const modelId = z.string().describe('SHA-256 of the canonical graph, hex, as POST /v1/models gives it.');

const suggestedNetworkSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('architecture'), architecture: z.string() }),
  z.strictObject({
    kind: z.literal('standard'),
    name: z.string().describe('Which of the standard networks, as the agent calls them.'),
    model: modelId,
  }),
  z.strictObject({ kind: z.literal('model'), model: modelId }),
]);

export const supportSetSchema = z
  .strictObject({
    ...workloadSchema.shape,
    target: z.string().nullable(),
    predictorVersion: z
      .string()
      .nullable()
      .describe('Which predictor chose; null before the first training: the architectures are random then.'),
    measured: z.int().nonnegative().describe('Architectures of this workload that are measured on the target already.'),
    architectures: z.array(z.string()).describe('In the order in which to measure them.'),
    networks: z
      .array(suggestedNetworkSchema)
      .exactOptional()
      .describe('With `standard` or `models`: everything to measure, in order; `architectures` has those among it.'),
    expectedErrors: z
      .array(z.number())
      .nullable()
      .describe('Median relative error to expect of predictions, now and after each of them. null: no predictor.'),
  })
  .meta({ id: 'SupportSet' }) satisfies z.ZodType<SupportSetReply>;
