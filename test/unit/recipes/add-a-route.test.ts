// Walks the recipe "Add a route" of CONTRIBUTING.md on a throw-away one: its line in the table, its operation and its
// handler, from which document, refusals and client follow. Line and operation are added for this test alone. (What the
// template makes of the table is compared with it in test/infra/routes.test.ts, whatever stands in it.)
import type { APIGatewayProxyEventV2, Context } from 'aws-lambda';
import { expect, test, vi } from 'vitest';
import * as z from 'zod';
import { apiClient } from '#client/client.ts';
import { noRetries } from '#client/retry.ts';
import { deviceOperations } from '#contract/devices.ts';
import { openApiDocument } from '#contract/document.ts';
import type { OperationsOf } from '#contract/operation.ts';
import { type Route, routeIdsOf, routeKey } from '#contract/routes.ts';
import { targetOperations } from '#contract/targets.ts';
import { type Handlers, httpHandler } from '#functions/shared/http-handler.ts';
import type { ApiFunction } from '#infra/api-functions.ts';

// 1. The line in contract/routes.ts.
vi.mock(import('#contract/routes.ts'), async (original) => {
  const module = await original();
  const line: Route = {
    method: 'GET',
    path: '/v1/targets/{searchSpace}/count',
    access: ['reader'],
    function: 'targets',
  };
  Object.assign(module.routes, { countTargets: line });
  (module.routeIds as string[]).push('countTargets');
  return module;
});
// 2. The operation, beside the schemas of its function.
vi.mock(import('#contract/operations.ts'), async (original) => {
  const module = await original();
  Object.assign(module.operations, { countTargets });
  return module;
});
const { countTargets } = vi.hoisted(() => {
  Object.assign(process.env, { POWERTOOLS_LOG_LEVEL: 'SILENT', SUGARBUSH_METRICS: 'off' });
  return { countTargets: {} as Record<string, unknown> };
});
Object.assign(countTargets, {
  summary: 'Count the targets of a search space',
  tag: 'catalogue',
  path: z.strictObject({ searchSpace: z.string().max(256) }),
  reply: z.strictObject({ count: z.int() }),
  refusals: ['unknown-search-space'],
});

// In the product the compiler knows it by its line.
const operations = { countTargets } as never as { showTarget: (typeof targetOperations)['showTarget'] };
const id = 'countTargets' as never as 'showTarget';

// 3. The handler, one line in functions/targets.ts.
const handler = httpHandler(operations, {
  countTargets: async ({ path }: { path: { searchSpace: string } }) => ({ count: path.searchSpace.length }),
} as never);

async function ask(role: string | undefined, path: Record<string, string>): Promise<[number, unknown]> {
  const event = {
    routeKey: routeKey(id),
    headers: {},
    isBase64Encoded: false,
    pathParameters: path,
    requestContext: { requestId: 'r', authorizer: { lambda: role === undefined ? {} : { tokenId: 't', role } } },
  } as unknown as APIGatewayProxyEventV2;
  const { statusCode, body } = await handler(event, { awsRequestId: 'a' } as Context);
  return [statusCode!, JSON.parse(body!)];
}

test('its function answers it, to its roles and in its form only', async () => {
  expect(routeIdsOf('targets')).toContain(id);
  expect(handler.routeIds).toEqual([id]);
  expect(await ask('reader', { searchSpace: 'ofa' })).toEqual([200, { count: 3 }]);
  expect(await ask('reader', { space: 'ofa' })).toMatchObject([400, { code: 'invalid-request' }]);
  expect(await ask('device', { searchSpace: 'ofa' })).toMatchObject([403, { code: 'forbidden' }]);
  expect(await ask(undefined, { searchSpace: 'ofa' })).toMatchObject([401, { code: 'unauthorized' }]);
});

test('the document has it, with every refusal that follows from its line', () => {
  const document = openApiDocument().paths!['/v1/targets/{searchSpace}/count']!.get!;
  expect(document).toMatchObject({ operationId: 'countTargets', 'x-roles': ['reader'], security: [{ bearer: [] }] });
  expect(Object.keys(document.responses!).sort()).toEqual(['200', '400', '401', '403', '404', '500']);
});

test('the client calls it', async () => {
  const sent: string[] = [];
  const fetch = async (url: unknown, init?: RequestInit): Promise<Response> => {
    sent.push(`${init?.method} ${String(url)}`);
    return Response.json({ count: 3 });
  };
  const client = apiClient({ api: 'http://api', operations, retry: noRetries, ports: { fetch } });
  const input = { path: { searchSpace: 'ofa' } } as never as { path: { id: string } };
  expect(await client.call(id, input)).toEqual({ count: 3 });
  expect(sent).toEqual(['GET http://api/v1/targets/ofa/count']);
});

test('the compiler says what is missing', () => {
  // `npm run check` compiles this file: a line below that was no error any more would be one.
  const { listTargets, showTarget } = targetOperations;
  // @ts-expect-error a line in the table without an operation
  const noOperation: OperationsOf<'targets'> = { listTargets };
  // @ts-expect-error an operation without a line in the table
  const noLine: OperationsOf<'targets'> = { listTargets, showTarget, countTargets: listTargets };
  const { path, ...noPath } = deviceOperations.revokeDevice;
  // @ts-expect-error a parameter of the path without a schema
  const noSchema: OperationsOf<'devices'> = { ...deviceOperations, revokeDevice: noPath };
  // @ts-expect-error an operation without a handler
  const noHandler: Pick<Handlers<typeof targetOperations>, 'listTargets' | 'showTarget'> = {};
  const wrong = async () => ({ count: 1 });
  // @ts-expect-error a reply that is not of the contract
  const wrongReply: Pick<Handlers<typeof targetOperations>, 'listTargets'> = { listTargets: wrong };
  // @ts-expect-error a function without a word on what it reads
  const noGrants: ApiFunction = { description: 'Counts' };
  expect([noOperation, noLine, noSchema, noHandler, wrongReply, noGrants, path]).toHaveLength(7);
});
