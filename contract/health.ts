// The form of GET /v1/health.
import { z } from 'zod';
import type { Health } from '#core/serve/health.ts';

export const healthSchema = z
  .strictObject({
    live: z.literal(true),
    ready: z.boolean().describe('Whether at least one search space can predict. The status is 200 if so, 503 if not.'),
    searchSpaces: z.array(z.strictObject({ searchSpace: z.string(), ready: z.boolean() })),
  })
  .meta({ id: 'Health' }) satisfies z.ZodType<Health>;
