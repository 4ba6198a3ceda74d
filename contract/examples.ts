// Examples of requests with their replies: what the embedded stack answered to just these requests, one after another
// (see test/e2e/documented-examples.ts, which sends them again and writes them anew). Secrets and signatures are
// blotted out, and of long lists the first four are shown.
import * as z from 'zod';
import recorded from './examples.json' with { type: 'json' };
import { type RouteId, routeIds } from './routes.ts';

export const exampleSchema = z.strictObject({
  operation: z.enum(routeIds as [RouteId, ...RouteId[]]),
  request: z.strictObject({
    path: z.record(z.string(), z.string()).optional(),
    query: z.record(z.string(), z.union([z.string(), z.number()])).optional(),
    body: z.record(z.string(), z.unknown()).optional(),
    idempotencyKey: z.string().optional(),
  }),
  status: z.int(),
  /** Left out of pages and of this document's own route. */
  reply: z.unknown().optional(),
});
export type Example = z.infer<typeof exampleSchema>;

export const examples: readonly Example[] = z.array(exampleSchema).parse(recorded);
