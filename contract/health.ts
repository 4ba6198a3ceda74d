// The form of GET /v1/health.
import * as z from 'zod';
import type { Health } from '#core/serve/health.ts';
import type { OperationsOf } from './operation.ts';

export const healthSchema = z
  .strictObject({
    live: z.literal(true),
    ready: z.boolean().describe('Whether there is a predictor. The status is 200 if so, 503 if not.'),
    champion: z.string().nullable().describe('Version of the predictor in use; null: none.'),
  })
  .meta({ id: 'Health' }) satisfies z.ZodType<Health>;

export const healthOperations = {
  health: {
    summary: 'Whether the service is live and ready',
    tag: 'service',
    reply: healthSchema,
    otherwise: {
      status: 503,
      description: 'Live, not ready.',
      when: (reply) => !(reply as z.infer<typeof healthSchema>).ready,
    },
    refusals: [],
  },
} as const satisfies OperationsOf<'health'>;
