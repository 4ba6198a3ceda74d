// Requests that no client would send (wrong tokens, malformed bodies), and every answer held against the contract: a
// status that is not documented for its route is a fault of one or the other.

import { refusalsOf } from '#contract/operation.ts';
import { operations } from '#contract/operations.ts';
import { refusalStatuses } from '#contract/refusals.ts';
import { type RouteId, routeIds, routes } from '#contract/routes.ts';

export interface RawRequest {
  readonly token?: string | undefined;
  readonly body?: unknown;
  readonly idempotencyKey?: string | undefined;
}

/** @throws when the service answers what its contract does not say */
export async function rawCall(api: string, method: string, path: string, request: RawRequest): Promise<Response> {
  const { token, body, idempotencyKey } = request;
  const response = await fetch(`${api}${path}`, {
    method,
    headers: {
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
      ...(idempotencyKey !== undefined && { 'idempotency-key': idempotencyKey }),
      ...(body !== undefined && { 'content-type': 'application/json' }),
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  const id = routeOf(method, path.split('?')[0]!);
  if (id !== undefined && !documentedStatuses(id).has(response.status)) {
    throw new Error(`${id} answered ${response.status}, which is not documented: ${await response.text()}`);
  }
  return response;
}

function routeOf(method: string, path: string): RouteId | undefined {
  const candidates = routeIds.filter(
    (id) => routes[id].method === method && RegExp(`^${routes[id].path.replaceAll(/\{\w+\}/g, '[^/]+')}$`).test(path),
  );
  // A literal part goes before a parameter, as in API Gateway.
  return candidates.sort((a, b) => routes[a].path.split('{').length - routes[b].path.split('{').length)[0];
}

function documentedStatuses(id: RouteId): Set<number> {
  const operation: Parameters<typeof refusalsOf>[1] = operations[id];
  const { status = 200, otherwise } = operation;
  return new Set([
    status,
    ...(otherwise ? [otherwise.status] : []),
    ...refusalsOf(id, operation).map((code) => refusalStatuses[code]),
    500,
  ]);
}
