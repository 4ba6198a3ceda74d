// One operation of the OpenAPI document, made from its route and what stands beside it.
import * as z from 'zod';
import type { ZodOpenApiOperationObject } from 'zod-openapi';
import { type Operation, refusalsOf } from './operation.ts';
import { problemSchema } from './problem.ts';
import { refusalStatuses } from './refusals.ts';
import { type RouteId, routes } from './routes.ts';

const statuses: Readonly<Record<(typeof refusalStatuses)[keyof typeof refusalStatuses] | 500, string>> = {
  400: 'The request is not valid; `issues` says what to change.',
  401: 'The bearer token is missing, wrong, revoked or expired.',
  403: "The token's role may not do this.",
  404: 'There is no such thing; for search spaces and targets the nearest names are offered.',
  409: 'In conflict with the present state; `issues` says with what.',
  413: 'The body, or the number of architectures, is over the limit.',
  415: 'The content encoding is neither gzip nor identity.',
  422: 'The request is valid and cannot be carried out.',
  429: 'The daily quota of the device is used up.',
  500: 'The service failed; the operator finds the cause by `requestId`.',
  503: 'Not ready yet: no predictor, or the target is not adapted. Try again after `Retry-After` seconds.',
  507: 'The disk of a service on one machine is full: nothing was written. Try again after `Retry-After` seconds.',
};

const idempotencyHeaderSchema = z.object({
  'Idempotency-Key': z.string().max(200).optional().describe('The same request under the same key is done once.'),
});

/** One operation of the document: parameters, body, reply and every refusal that a caller may meet. */
export function openApiOperation(id: RouteId, operation: Operation): ZodOpenApiOperationObject {
  const { summary, description, tag, path, query, body, idempotent, otherwise } = operation;
  const { access } = routes[id];
  const refused = [500 as const, ...refusalsOf(id, operation).map((code) => refusalStatuses[code])];
  const problem = { 'application/problem+json': { schema: problemSchema } };
  const reply = { [operation.media ?? 'application/json']: { schema: operation.reply } };
  return {
    operationId: id,
    summary,
    ...(description !== undefined && { description }),
    tags: [tag],
    security: access === 'public' ? [] : [{ bearer: [] }],
    ...(access !== 'public' && { 'x-roles': access }),
    ...((path || query || idempotent) && {
      requestParams: {
        ...(path && { path }),
        ...(query && { query }),
        ...(idempotent && { header: idempotencyHeaderSchema }),
      },
    }),
    ...(body && { requestBody: { required: true, content: { 'application/json': { schema: body } } } }),
    responses: {
      [operation.status ?? 200]: { description: operation.done ?? 'Done.', content: reply },
      ...(otherwise && { [otherwise.status]: { description: otherwise.description, content: reply } }),
      ...Object.fromEntries(
        refused.sort((a, b) => a - b).map((status) => [status, { description: statuses[status], content: problem }]),
      ),
    },
  };
}
