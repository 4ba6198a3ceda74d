// The form of GET /v1/search-spaces/{id}/support-set.
import * as z from 'zod';
import { mostBatchSize, workloadSchema } from '#core/search-space/workload.ts';
import { mostSupport } from '#core/targets/most-support.ts';
import type { SupportSetReply } from '#core/targets/support-set.ts';

const wholeNumber = (description: string, maximum: number) =>
  z.coerce
    .number<number>()
    .int()
    .min(1)
    .max(maximum)
    .optional()
    .meta({ description, override: { type: 'integer', minimum: 1, maximum } });

export const supportSetQuerySchema = z.strictObject({
  count: z.coerce
    .number<number>()
    .int()
    .min(1)
    .max(mostSupport)
    .default(10)
    .meta({
      description: 'How many architectures to measure.',
      override: { type: 'integer', minimum: 1, maximum: mostSupport, default: 10 },
    }),
  inputSize: wholeNumber('Height and width of the input, pixels; default: the usual one of the search space.', 4096),
  batchSize: wholeNumber('Images per inference; default 1.', mostBatchSize),
  target: z
    .string()
    .max(256)
    .optional()
    .describe('Id of the target to measure on; without it, what a new target should start with.'),
});

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
    expectedErrors: z
      .array(z.number())
      .nullable()
      .describe('Median relative error to expect of predictions, now and after each of them. null: no predictor.'),
  })
  .meta({ id: 'SupportSet' }) satisfies z.ZodType<SupportSetReply>;
