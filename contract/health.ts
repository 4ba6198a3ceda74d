// The form of GET /v1/health.
import * as z from 'zod';
import type { Health } from '#core/serve/health.ts';
import type { OperationsOf } from './operation.ts';

export const healthSchema = z
  .strictObject({
    live: z.literal(true),
    ready: z.boolean().describe('Whether at least one search space can predict. The status is 200 if so, 503 if not.'),
    searchSpaces: z.array(z.strictObject({ searchSpace: z.string(), ready: z.boolean() })),
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
