// One table of routes, and what follows from it: handlers, OpenAPI document, the template's routes, authorizers,
// permissions and grants, and the client. Each is read where it ends up, and compared with the table.
import { rmSync } from 'node:fs';
import { dirname } from 'node:path';
import type { APIGatewayProxyEventV2, Context } from 'aws-lambda';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { apiClient } from '#client/client.ts';
import { noRetries } from '#client/retry.ts';
import { openApiDocument } from '#contract/document.ts';
import { operations } from '#contract/operations.ts';
import {
  type ApiFunctionName,
  filledPath,
  type RouteId,
  routeIds,
  routeIdsOf,
  routeKey,
  routes,
} from '#contract/routes.ts';
import { roles } from '#core/access/token.ts';
import type { HttpHandler } from '#functions/shared/http-handler.ts';
import { apiFunctions } from '#infra/api-functions.ts';
import { ofType, type Synthesised, synthesised } from './synthesised.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 600_000 });

const names = Object.keys(apiFunctions) as ApiFunctionName[];
const handlers = new Map<ApiFunctionName, HttpHandler>();
let synthesis: Synthesised;

beforeAll(async () => {
  synthesis = synthesised();
  Object.assign(process.env, {
    AWS_REGION: 'eu-central-1',
    DATA_BUCKET: 'data',
    UPLOADS_BUCKET: 'uploads',
    STATE_MACHINE_ARN: 'arn:aws:states:eu-central-1:000000000000:stateMachine:m',
    POWERTOOLS_LOG_LEVEL: 'SILENT',
    SUGARBUSH_METRICS: 'off',
  });
  for (const name of names) {
    const module = (await import(new URL(`../../functions/${name}.ts`, import.meta.url).href)) as {
      handler: HttpHandler;
    };
    handlers.set(name, module.handler);
  }
});
afterAll(() => rmSync(dirname(synthesis.folder), { recursive: true, force: true }));

test('every route is of one method and path, and its function is one that is deployed', () => {
  expect(new Set(routeIds.map(routeKey)).size).toBe(routeIds.length);
  expect(new Set(routeIds.map((id) => routes[id].function))).toEqual(new Set(names));
});

describe('the handlers', () => {
  test.each(names)('%s answers its routes and no other', (name) => {
    expect([...handlers.get(name)!.routeIds].sort()).toEqual([...routeIdsOf(name)].sort());
  });

  /** What a caller with a token of the role is told, before anything else is looked at. */
  async function refusal(id: RouteId, role: string | undefined): Promise<number | undefined> {
    const event = {
      routeKey: routeKey(id),
      headers: {},
      isBase64Encoded: false,
      // Nothing that a schema would take: whoever gets past the roles is refused with 400, or has no form to fail.
      pathParameters: { '': '' },
      queryStringParameters: { '': '' },
      requestContext: { requestId: 'r', authorizer: { lambda: role === undefined ? {} : { tokenId: 't', role } } },
    } as unknown as APIGatewayProxyEventV2;
    const reply = await handlers.get(routes[id].function)!(event, { awsRequestId: 'a' } as Context);
    return reply.statusCode;
  }

  const formed = routeIds.filter((id) => {
    const { path, query, body } = operations[id] as { path?: unknown; query?: unknown; body?: unknown };
    return path !== undefined || query !== undefined || body !== undefined;
  });
  test.each(formed)('%s lets its roles in and nobody else', async (id) => {
    const access: readonly string[] = routes[id].access === 'public' ? roles : routes[id].access;
    expect(await refusal(id, undefined)).toBe(401);
    for (const role of roles)
      expect([role, await refusal(id, role)]).toEqual([role, access.includes(role) ? 400 : 403]);
  });
});

test('the OpenAPI document has each route with its roles, and no other', () => {
  const documented = Object.entries(openApiDocument().paths ?? {}).flatMap(([path, item]) =>
    Object.entries(item as Record<string, { operationId: string; security: unknown; 'x-roles'?: unknown }>).map(
      ([method, operation]) => [
        operation.operationId,
        `${method.toUpperCase()} ${path}`,
        operation['x-roles'] ?? 'public',
        operation.security,
      ],
    ),
  );
  const wanted = routeIds.map((id) => {
    const { access } = routes[id];
    return [id, routeKey(id), access, access === 'public' ? [] : [{ bearer: [] }]];
  });
  expect(documented.sort()).toEqual(wanted.sort());
});

describe('the template', () => {
  const resource = (id: string) => synthesis.service.Resources[id]!.Properties;
  /** `SearchSpacesFunctionAB12…` → search-spaces */
  const functionOf = (logicalId: string): string =>
    logicalId
      .replace(/Function[0-9A-F]{8}$/, '')
      .replaceAll(/(?<=.)[A-Z]/g, (letter) => `-${letter}`)
      .toLowerCase();
  const logicalIds = (value: unknown): string[] =>
    [...JSON.stringify(value).matchAll(/"(\w+Function[0-9A-F]{8})"/g)].map(([, id]) => id!);

  test('has each route, before its function, behind the authorizer unless it is public', () => {
    const found = ofType(synthesis.service, 'AWS::ApiGatewayV2::Route').map(({ Properties }) => {
      const integration = /integrations\/.*?"Ref":"(\w+)"/.exec(JSON.stringify(Properties['Target']))![1]!;
      const [target] = logicalIds(resource(integration)['IntegrationUri']);
      return [Properties['RouteKey'], functionOf(target!), Properties['AuthorizationType'] === 'CUSTOM'];
    });
    expect(found.sort()).toEqual(
      routeIds.map((id) => [routeKey(id), routes[id].function, routes[id].access !== 'public']).sort(),
    );
  });

  test('lets the API call each function for its own paths, and for no other', () => {
    const found = ofType(synthesis.service, 'AWS::Lambda::Permission')
      .filter(({ Properties }) => Properties['Principal'] === 'apigateway.amazonaws.com')
      .flatMap(({ Properties }) => {
        const path = /\/\*\/\*(\/[^"]*)"/.exec(JSON.stringify(Properties['SourceArn']))?.[1];
        return path === undefined ? [] : [`${functionOf(logicalIds(Properties['FunctionName'])[0]!)} ${path}`];
      });
    const wanted = routeIds.map((id) => `${routes[id].function} ${routes[id].path}`);
    expect([...new Set(found)].sort()).toEqual([...new Set(wanted)].sort());
  });

  test.each(names)('grants %s what it is said to read, write and delete, and nothing more', (name) => {
    const { reads, writes = [], deletes = [], signsUploads } = apiFunctions[name];
    const start = `${name.replaceAll(/(?:^|-)([a-z])/g, (_, letter: string) => letter.toUpperCase())}Role`;
    const policy = ofType(synthesis.service, 'AWS::IAM::Policy').find(({ id }) => id.startsWith(start))!;
    const { Statement } = policy.Properties['PolicyDocument'] as {
      Statement: { Action: string | string[]; Resource: unknown }[];
    };
    const found = Statement.flatMap(({ Action, Resource }) =>
      [Action]
        .flat()
        .filter((action) => /^s3:.*Object$/.test(action))
        .flatMap((action) =>
          [Resource].flat().map((each) => `${action} ${/"\/([^"]+)"/.exec(JSON.stringify(each))?.[1]}`),
        ),
    );
    expect(found.sort()).toEqual(
      [
        ...reads.map((prefix) => `s3:GetObject ${prefix}*`),
        ...[...writes, ...(signsUploads ? ['incoming/'] : [])].map((prefix) => `s3:PutObject ${prefix}*`),
        ...deletes.map((prefix) => `s3:DeleteObject ${prefix}*`),
      ].sort(),
    );
  });
});

test('the client sends each route by its method and path, with the token', async () => {
  const sent: unknown[] = [];
  const client = apiClient({
    api: 'http://api',
    operations,
    token: 'sb_t',
    retry: noRetries,
    ports: {
      fetch: async (url, init) => {
        sent.push([
          `${init?.method} ${String(url).slice('http://api'.length)}`,
          new Headers(init?.headers).get('authorization'),
        ]);
        return new Response('{}', { status: 404 });
      },
    },
  });
  const parameters = { id: 'an/id', searchSpace: 'ofa', version: 'v' };
  for (const id of routeIds) {
    const call = client.call as (id: RouteId, input: object) => Promise<unknown>;
    await expect(call(id, { path: parameters })).rejects.toMatchObject({ status: 404 });
  }
  expect(sent).toEqual(routeIds.map((id) => [`${routes[id].method} ${filledPath(id, parameters)}`, 'Bearer sb_t']));
});
