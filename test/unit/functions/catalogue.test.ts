import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { healthSchema } from '#contract/health.ts';
import { problemSchema } from '#contract/problem.ts';
import { searchSpaceListSchema, searchSpaceSchema } from '#contract/search-spaces.ts';
import { targetListSchema, targetViewSchema } from '#contract/targets.ts';
import { mostSupport } from '#core/targets/support/most-support.ts';
import type { HttpHandler } from '#functions/shared/http-handler.ts';
import { captured, context, type ServiceUnderTest, startService } from './service-under-test.ts';

let service: ServiceUnderTest;
let handlers: Record<'targets' | 'search-spaces' | 'health' | 'openapi', HttpHandler>;
beforeAll(async () => {
  service = await startService();
  handlers = {
    targets: (await import('#functions/targets.ts')).handler,
    'search-spaces': (await import('#functions/search-spaces.ts')).handler,
    health: (await import('#functions/health.ts')).handler,
    openapi: (await import('#functions/openapi.ts')).handler,
  };
});
afterAll(() => service.close());

const ask = async (name: keyof typeof handlers, event: string, change?: Parameters<typeof captured>[1]) => {
  const reply = await handlers[name](await captured(event, change), context);
  return { status: reply.statusCode, body: JSON.parse(reply.body!) };
};

test('targets come a page at a time, and the cursor leads to the next', async () => {
  const first = await ask('targets', 'list-targets');
  expect(first.status).toBe(200);
  const page = targetListSchema.parse(first.body);
  expect(page.targets.map(({ targetId }) => targetId)).toEqual(['phone_1', 'phone_32']);
  const second = await ask('targets', 'list-targets', (event) => {
    event.queryStringParameters!['cursor'] = page.nextCursor!;
  });
  expect(targetListSchema.parse(second.body)).toMatchObject({ targets: [{ targetId: 'server' }], nextCursor: null });
});

test('without a query there are fifty targets a page, of all search spaces', async () => {
  const all = await ask('targets', 'list-targets', (event) => delete event.queryStringParameters);
  expect(targetListSchema.parse(all.body).targets).toHaveLength(3);
});

test.each<[string, string, string, number, string]>([
  ['limit', '0', 'limit', 400, 'invalid-request'],
  ['limit', '201', 'limit', 400, 'invalid-request'],
  ['limit', 'many', 'limit', 400, 'invalid-request'],
  // All but the last are a number for JavaScript, most of them one that is allowed.
  ...['1e1', '0x10', ' 5', '5 ', '5.0', '+5', '-1', '', '1'.repeat(30)].map(
    (text): [string, string, string, number, string] => ['limit', text, 'limit', 400, 'invalid-request'],
  ),
  ['cursor', 'eyJsaXN0IjoieCJ9', 'cursor', 400, 'invalid-request'],
  ['page', '2', '', 400, 'invalid-request'],
  ['searchSpace', 'darts', 'searchSpace', 404, 'unknown-search-space'],
])('a list with %s=%s is refused', async (name, value, path, status, code) => {
  const { status: answered, body } = await ask('targets', 'list-targets', (event) => {
    event.queryStringParameters![name] = value;
  });
  expect(answered).toBe(status);
  expect(problemSchema.parse(body)).toMatchObject({ code, issues: [{ path }] });
});

test.each(['1e1', '0', '101'])('a support set of count=%s says what is allowed', async (count) => {
  const { status, body } = await ask('search-spaces', 'show-search-space', (event) => {
    event.routeKey = 'GET /v1/search-spaces/{id}/support-set';
    event.queryStringParameters = { count };
  });
  expect(status).toBe(400);
  const message = `a whole number from 1 to ${mostSupport}, in decimal digits`;
  expect(problemSchema.parse(body).issues).toEqual([{ path: 'count', message }]);
});

test('a target is shown; one that is not there comes with the nearest names', async () => {
  const shown = await ask('targets', 'show-target');
  expect(targetViewSchema.parse(shown.body)).toMatchObject({
    target: { targetId: 'server' },
    adaptation: { measurements: 20 },
  });
  const missing = await ask('targets', 'show-target', (event) => {
    event.pathParameters!['id'] = 'sever';
  });
  expect(missing.status).toBe(404);
  expect(problemSchema.parse(missing.body).detail).toMatch(/'sever' not found; nearest: server/);
});

test('search spaces are for devices too, targets are not', async () => {
  const asDevice: Parameters<typeof captured>[1] = (event) => {
    (event.requestContext as unknown as { authorizer: { lambda: object } }).authorizer.lambda = {
      role: 'device',
      tokenId: '0001020304050607',
      deviceId: 'd1',
    };
  };
  const spaces = await ask('search-spaces', 'list-search-spaces', asDevice);
  expect(searchSpaceListSchema.parse(spaces.body).searchSpaces).toHaveLength(3);
  const one = await ask('search-spaces', 'show-search-space', asDevice);
  expect(searchSpaceSchema.parse(one.body)).toMatchObject({ searchSpace: 'nasbench201', inputSizes: { usual: 32 } });
  const targets = await ask('targets', 'list-targets', asDevice);
  expect(targets).toMatchObject({ status: 403, body: { code: 'forbidden' } });
});

test('health needs no token and is ready with a champion', async () => {
  const { status, body } = await ask('health', 'health');
  expect(status).toBe(200);
  expect(healthSchema.parse(body)).toMatchObject({ ready: true, champion: expect.any(String) });
});

test('the OpenAPI document needs no token', async () => {
  expect(await ask('openapi', 'openapi')).toMatchObject({ status: 200, body: { openapi: '3.1.0' } });
});

describe('authorizer', () => {
  const authorize = async (header: string | undefined) => {
    const { handler } = await import('#functions/authorizer.ts');
    const event = (await captured('authorizer')) as unknown as Parameters<typeof handler>[0];
    event.headers = { ...event.headers, ...(header !== undefined && { authorization: header }) };
    if (header === undefined) delete event.headers['authorization'];
    return handler(event);
  };

  test('says who holds a good token', async () => {
    const token = await service.issue('operator');
    for (const scheme of ['Bearer', 'bearer', 'BEARER ']) {
      const { isAuthorized, context: told } = await authorize(`${scheme} ${token}`);
      expect(isAuthorized).toBe(true);
      expect(told).toEqual({ role: 'operator', tokenId: token.split('_')[1] });
    }
  });

  test('says why a token is refused, and names no role then', async () => {
    const good = await service.issue('reader');
    const expired = await service.issue('reader', 0);
    for (const [header, refusal] of [
      [undefined, /there is no authorization header/],
      ['Basic dXNlcjpwYXNz', /it is not of that form/],
      [`Bearer ${good} ${good}`, /it is not of that form/],
      ['Bearer hello', /not of the form sb_/],
      [`Bearer ${good.slice(0, -1)}${good.endsWith('A') ? 'B' : 'A'}`, /not valid/],
      [`Bearer ${expired}`, /expired at/],
    ] as const) {
      const { context: told } = await authorize(header);
      expect(told).toEqual({ refusal: expect.stringMatching(refusal) });
    }
  });

  test('fails, rather than let pass or refuse, when the store is down', async () => {
    const { authorize: check } = await import('#functions/shared/authorize.ts');
    const { DomainError } = await import('#core/errors.ts');
    for (const error of [new Error('store is down'), new DomainError('internal', 'the record is damaged')]) {
      await expect(check(() => Promise.reject(error), 'Bearer x')).rejects.toBe(error);
    }
  });
});
