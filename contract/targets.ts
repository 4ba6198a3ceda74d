// The form of GET /v1/targets and GET /v1/targets/{id}.
import * as z from 'zod';
import { selfCheckSchema } from '#core/predictor/adaptation/self-check.ts';
import { behaviourSchema } from '#core/predictor/whole-networks/behaviour.ts';
import { targetRecordSchema } from '#core/targets/target-record.ts';
import type { OperationsOf } from './operation.ts';
import { pageQuery } from './page-query.ts';
import { searchSpaceNameSchema } from './search-space-name.ts';

export const listTargetsQuerySchema = z.strictObject({
  searchSpace: searchSpaceNameSchema
    .optional()
    .describe(
      `Only targets that were measured in it; a page may then have fewer than limit, or none, and not be the last.`,
    ),
  ...pageQuery('Targets a page.'),
  cursor: z.string().max(1024).optional().describe('nextCursor of the page before, with the same searchSpace.'),
});

export const targetPathSchema = z.strictObject({
  id: z.string().max(256).meta({ description: 'Id of the target.' }),
});

export const targetSchema = targetRecordSchema.meta({
  id: 'Target',
});

export const targetListSchema = z
  .strictObject({
    targets: z.array(targetSchema),
    nextCursor: z.string().nullable().describe('Opaque; for the next page. null on the last one.'),
  })
  .meta({ id: 'TargetList' });

export const targetViewSchema = z
  .strictObject({
    target: targetSchema,
    adaptation: z
      .strictObject({
        predictorVersion: z.string(),
        measurements: z.int().describe('Measurements that predictions rest on.'),
        operators: z.int().nonnegative().describe('Operators of its descriptor that they rest on beside these.'),
        trust: z.enum(['trusted', 'measure-first', 'out-of-domain']),
        trustReason: z.string(),
        expectedError: z
          .number()
          .nullable()
          .describe('Median relative error (of ln latency) that the posterior expects.'),
        leftOut: selfCheckSchema.shape.leftOut.describe(
          'What the errors were when each measurement was predicted from the others; null with fewer than five.',
        ),
        outliers: z
          .int()
          .nonnegative()
          .describe('Measurements that are more likely outliers than not; they hardly count.'),
        behaviour: behaviourSchema
          .nullable()
          .describe(
            'What it is like, what is slow on it and what to measure next. null: it came with the project, or was ' +
              'adapted before behaviours were observed.',
          ),
      })
      .nullable()
      .describe('How the target stands under the predictor in use; null until it is adapted.'),
  })
  .meta({ id: 'TargetView' });

export const targetOperations = {
  listTargets: {
    summary: 'List the targets, a page at a time',
    tag: 'catalogue',
    query: listTargetsQuerySchema,
    reply: targetListSchema,
    refusals: ['unknown-search-space'],
  },
  showTarget: {
    summary: 'Show one target and how far its predictions can be trusted',
    tag: 'catalogue',
    path: targetPathSchema,
    reply: targetViewSchema,
    refusals: ['unknown-target'],
  },
} as const satisfies OperationsOf<'targets'>;
