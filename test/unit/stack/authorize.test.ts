import { beforeEach, describe, expect, test } from 'vitest';
import { Authorizer, type AuthorizerVerdict } from '#stack/http/authorize.ts';
import type { ApiRequest, EventContext } from '#stack/http/proxy-event.ts';

const context: EventContext = { apiId: 'api', accountId: '0', routeKey: 'GET /x', pathParameters: {} };
const request = (headers: Record<string, string>): ApiRequest => ({
  method: 'GET',
  path: '/x',
  rawQueryString: '',
  headers,
  cookies: [],
  queryStringParameters: undefined,
  requestId: 'id',
  sourceIp: '127.0.0.1',
  protocol: 'HTTP/1.1',
  receivedMs: 0,
});

let asked: string[];
let nowMs: number;
let answer: (identity: string) => unknown;

beforeEach(() => {
  asked = [];
  nowMs = 0;
  answer = (identity) => ({ isAuthorized: identity !== 'no', context: { who: identity } });
});

function authorizer(
  identitySources: string[],
  cacheS: number,
): (headers: Record<string, string>) => Promise<AuthorizerVerdict> {
  const plan = { id: 'a', functionArn: 'f', identitySources, cacheS };
  const checked = new Authorizer(
    plan,
    async (event) => {
      const [identity] = (JSON.parse(event).identitySource ?? ['none']) as [string];
      asked.push(identity);
      const value = answer(identity);
      return { requestId: 'r', failed: value === undefined, payload: JSON.stringify(value ?? { errorType: 'Error' }) };
    },
    () => nowMs,
  );
  return (headers) => checked.check(request(headers), context);
}

const token = '$request.header.Authorization';

describe('an answer is reused', () => {
  test('for its identity and time, refusals too, and then asked for again', async () => {
    const check = authorizer([token], 300);
    for (const identity of ['a', 'a', 'no', 'no']) await check({ authorization: identity });
    expect(asked).toEqual(['a', 'no']);
    nowMs = 299_999;
    expect(await check({ authorization: 'a' })).toEqual({ allowed: true, context: { who: 'a' } });
    expect(asked).toEqual(['a', 'no']);
    nowMs = 300_000;
    await check({ authorization: 'a' });
    expect(asked).toEqual(['a', 'no', 'a']);
  });

  test('not without a cache time, and not without an identity', async () => {
    const [off, without] = [authorizer([token], 0), authorizer([], 0)];
    for (const check of [off, off, without, without]) await check({ authorization: 'a' });
    expect(asked).toEqual(['a', 'a', 'none', 'none']);
  });

  test('not when the authorizer failed', async () => {
    const check = authorizer([token], 300);
    answer = () => undefined;
    expect(await check({ authorization: 'a' })).toEqual({ allowed: false, status: 500 });
    answer = () => ({ isAuthorized: true });
    expect(await check({ authorization: 'a' })).toEqual({ allowed: true, context: {} });
  });
});

describe('an identity', () => {
  test('that is missing or empty is refused unasked', async () => {
    const check = authorizer([token], 300);
    expect([await check({}), await check({ authorization: '' })]).toEqual([
      { allowed: false, status: 401 },
      { allowed: false, status: 401 },
    ]);
    expect(asked).toEqual([]);
  });

  test('of several sources needs them all and keeps them apart', async () => {
    const check = authorizer([token, '$request.header.X-Tenant'], 300);
    expect(await check({ authorization: 'a' })).toMatchObject({ status: 401 });
    await check({ authorization: 'a', 'x-tenant': '1' });
    await check({ authorization: 'a', 'x-tenant': '2' });
    expect(asked).toHaveLength(2);
  });
});
