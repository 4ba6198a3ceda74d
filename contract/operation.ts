// One operation of the OpenAPI document, with what all of them have in common: refusals as problem details, the bearer
// token and its roles.
import { z } from 'zod';
import type { ZodOpenApiOperationObject } from 'zod-openapi';
import type { Role } from '#core/access/token.ts';
import { problemSchema } from './problem.ts';

const statuses = {
  400: 'The request is not valid; `issues` says what to change.',
  401: 'The bearer token is missing, wrong, revoked or expired.',
  403: "The token's role may not do this.",
  404: 'There is no such thing; for search spaces and targets the nearest names are offered.',
  409: 'In conflict with the present state; `issues` says with what.',
  413: 'The body, or the number of architectures, is over the limit.',
  415: 'The content encoding is neither gzip nor identity.',
  429: 'The daily quota of the device is used up.',
  500: 'The service failed; the operator finds the cause by `requestId`.',
  503: 'Not ready yet: no predictor, or the target is not adapted. Try again after `Retry-After` seconds.',
} as const;

export interface Operation {
  readonly id: string;
  readonly summary: string;
  readonly description?: string;
  readonly tag: string;
  /** Left out: anyone. */
  readonly roles?: readonly Role[];
  readonly path?: z.ZodObject;
  readonly query?: z.ZodObject;
  readonly body?: z.ZodType;
  readonly reply: z.ZodType;
  /** Default 200. */
  readonly status?: 200 | 201;
  /** Takes the header Idempotency-Key. */
  readonly idempotent?: true;
  readonly refusals: readonly (keyof typeof statuses)[];
}

const idempotencyHeaderSchema = z.object({
  'Idempotency-Key': z.string().max(200).optional().describe('The same request under the same key is done once.'),
});

export function operation(of: Operation): ZodOpenApiOperationObject {
  const refusals = [...(of.roles ? ([401, 403] as const) : []), ...of.refusals, 500 as const].sort((a, b) => a - b);
  const problem = { 'application/problem+json': { schema: problemSchema } };
  return {
    operationId: of.id,
    summary: of.summary,
    ...(of.description !== undefined && { description: of.description }),
    tags: [of.tag],
    security: of.roles ? [{ bearer: [] }] : [],
    ...(of.roles && { 'x-roles': of.roles }),
    ...((of.path || of.query || of.idempotent) && {
      requestParams: {
        ...(of.path && { path: of.path }),
        ...(of.query && { query: of.query }),
        ...(of.idempotent && { header: idempotencyHeaderSchema }),
      },
    }),
    ...(of.body && { requestBody: { required: true, content: { 'application/json': { schema: of.body } } } }),
    responses: {
      [of.status ?? 200]: { description: 'Done.', content: { 'application/json': { schema: of.reply } } },
      ...(of.id === 'health' && {
        503: { description: 'Live, not ready.', content: { 'application/json': { schema: of.reply } } },
      }),
      ...Object.fromEntries(refusals.map((status) => [status, { description: statuses[status], content: problem }])),
    },
  };
}
