// The HTTP API of the embedded stack over real sockets and real functions: events, answers, refusals.
import { mkdtempSync, rmSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { APIGatewayProxyEventV2WithLambdaAuthorizer } from 'aws-lambda';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { problemSchema } from '#contract/problem.ts';
import { type Stack, startStack } from '#stack/stack.ts';
import { httpApi, lambda, writeAssembly } from './write-assembly.ts';

type Event = APIGatewayProxyEventV2WithLambdaAuthorizer<{ asked: number; role: string; nested: unknown }>;

let folder: string;
let stack: Stack;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'sugarbush-api-'));
  const templateDir = writeAssembly(join(folder, 'cdk.out'), {
    Show: lambda('index.showEvent'),
    Answer: lambda('index.answerWith'),
    Bytes: lambda('index.bytes'),
    Throws: lambda('index.throws'),
    Slow: lambda('index.spins', { Timeout: 20 }),
    Full: lambda('index.echo', { ReservedConcurrentExecutions: 0 }),
    Auth: lambda('index.authorizer'),
    ...httpApi(
      {
        'GET /items/{id}': { function: 'Show' },
        'GET /items/{id}/parts/{path+}': { function: 'Show' },
        'ANY /open': { function: 'Show', public: true },
        'POST /answer': { function: 'Answer', public: true },
        'GET /bytes': { function: 'Bytes', public: true },
        'GET /throws': { function: 'Throws', public: true },
        'GET /slow': { function: 'Slow', public: true, timeoutMs: 300 },
        'GET /full': { function: 'Full', public: true },
      },
      {
        authorizer: 'Auth',
        cors: {
          AllowOrigins: ['https://ok.example'],
          AllowMethods: ['GET', 'POST'],
          AllowHeaders: ['authorization'],
          MaxAge: 60,
        },
      },
    ),
  });
  stack = await startStack({ stateDir: join(folder, 'state'), port: 0, templateDir, graceMs: 0 });
});
afterAll(async () => {
  await stack.close();
  rmSync(folder, { recursive: true, force: true });
});

const call = (path: string, init?: RequestInit): Promise<Response> => fetch(stack.apiUrl + path, init);
const eventOf = async (path: string, init?: RequestInit): Promise<Event> =>
  (await (await call(path, init)).json()) as Event;

describe('the event', () => {
  test('has payload format 2.0', async () => {
    const event = await eventOf('/open?a=1&a=2&b=%C3%A4+x&c', { headers: { cookie: 'x=1; y=2', 'X-Mixed': 'Case' } });
    expect(event).toMatchObject({
      version: '2.0',
      routeKey: 'ANY /open',
      rawPath: '/open',
      rawQueryString: 'a=1&a=2&b=%C3%A4+x&c',
      queryStringParameters: { a: '1,2', b: 'ä x', c: '' },
      cookies: ['x=1', 'y=2'],
      headers: { 'x-mixed': 'Case', 'x-forwarded-proto': 'http' },
      isBase64Encoded: false,
      requestContext: {
        accountId: '000000000000',
        domainName: new URL(stack.apiUrl).host,
        http: { method: 'GET', path: '/open', protocol: 'HTTP/1.1', sourceIp: '127.0.0.1' },
        routeKey: 'ANY /open',
        stage: '$default',
      },
    });
    expect(event.requestContext.time).toMatch(/^\d\d\/[A-Z][a-z]{2}\/\d{4}:\d\d:\d\d:\d\d \+0000$/);
    expect(Math.abs(event.requestContext.timeEpoch - Date.now())).toBeLessThan(60_000);
    expect(event.headers).not.toHaveProperty('cookie');
    for (const absent of ['body', 'pathParameters', 'stageVariables']) expect(event).not.toHaveProperty(absent);
    expect(event.requestContext).not.toHaveProperty('authorizer');
  });

  test('leaves out what a request does not have', async () => {
    const event = await eventOf('/open');
    expect(event.rawQueryString).toBe('');
    for (const absent of ['queryStringParameters', 'cookies']) expect(event).not.toHaveProperty(absent);
  });

  test('has decoded path parameters, greedy ones with their slashes', async () => {
    const event = await eventOf('/items/a%20b/parts/x/y%2Bz', { headers: { authorization: 'yes' } });
    expect(event.pathParameters).toEqual({ id: 'a b', path: 'x/y+z' });
    expect(event.rawPath).toBe('/items/a b/parts/x/y+z');
  });

  test.each([
    ['application/json', '{"ä":1}', false],
    ['application/json; charset=utf-8', '{}', false],
    ['text/csv', 'a,b', false],
    ['application/x-www-form-urlencoded', 'a=b', true],
    ['application/octet-stream', 'abc', true],
    ['application/problem+json', '{}', true],
  ])('a body of %s', async (type, body, encoded) => {
    const event = await eventOf('/open', { method: 'POST', body, headers: { 'content-type': type } });
    expect(event.isBase64Encoded).toBe(encoded);
    expect(Buffer.from(event.body ?? '', encoded ? 'base64' : 'utf8').toString()).toBe(body);
  });

  test('a body with a content encoding arrives as bytes', async () => {
    const headers = { 'content-type': 'application/json', 'content-encoding': 'gzip' };
    const event = await eventOf('/open', { method: 'POST', body: new Uint8Array([0x1f, 0x8b, 0xff]), headers });
    expect([event.body, event.isBase64Encoded]).toEqual(['H4v/', true]);
  });
});

describe('the answer', () => {
  const answer = (value: unknown): Promise<Response> =>
    call('/answer', { method: 'POST', body: JSON.stringify(value), headers: { 'content-type': 'application/json' } });

  test('has the function’s status, headers and cookies', async () => {
    const response = await call('/open');
    expect(response.status).toBe(201);
    expect(response.headers.get('content-type')).toBe('application/json');
    expect(response.headers.get('x-number')).toBe('5');
    expect(response.headers.getSetCookie()).toEqual(['a=1; Path=/', 'b=2']);
    expect(response.headers.get('apigw-requestid')).toMatch(/.{10,}/);
  });

  test('bytes arrive as bytes', async () => {
    expect([...new Uint8Array(await (await call('/bytes')).arrayBuffer())]).toEqual([0, 255, 1, 254]);
  });

  test('anything without a status is a 200 with that as JSON', async () => {
    const response = await answer({ just: 'data' });
    expect([response.status, response.headers.get('content-type')]).toEqual([200, 'application/json']);
    expect(await response.json()).toEqual({ just: 'data' });
  });

  test('a body without a content type is plain text', async () => {
    const response = await answer({ statusCode: 404, body: 'gone' });
    expect([response.status, response.headers.get('content-type')]).toEqual([404, 'text/plain;charset=UTF-8']);
    expect(await response.text()).toBe('gone');
  });

  test('no body, no content', async () => {
    const response = await answer({ statusCode: 204 });
    expect([response.status, await response.text()]).toEqual([204, '']);
  });

  test.each([{ statusCode: 'abc' }, { statusCode: 9999 }, { statusCode: 200, body: { not: 'text' } }])(
    '%j is none: 500',
    async (value) => {
      const response = await answer(value);
      expect([response.status, await response.json()]).toEqual([500, { message: 'Internal Server Error' }]);
    },
  );
});

describe('the API itself refuses', () => {
  test.each([
    ['a missing token', '/items/1', {}, 401, 'Unauthorized'],
    ['an empty token', '/items/1', { headers: { authorization: '' } }, 401, 'Unauthorized'],
    ['a wrong token', '/items/1', { headers: { authorization: 'no' } }, 403, 'Forbidden'],
    ['a failing authorizer', '/items/1', { headers: { authorization: 'broken' } }, 500, 'Internal Server Error'],
    ['an authorizer’s odd answer', '/items/1', { headers: { authorization: 'odd' } }, 500, 'Internal Server Error'],
    ['a failing function', '/throws', {}, 500, 'Internal Server Error'],
    ['a function over the API’s time limit', '/slow', {}, 503, 'Service Unavailable'],
    ['a function without capacity', '/full', {}, 503, 'Service Unavailable'],
  ])('%s', async (_, path, init, status, message) => {
    const response = await call(path, init);
    expect([response.status, await response.json()]).toEqual([status, { message }]);
    expect(response.headers.get('content-type')).toBe('application/json');
  });

  test.each([
    ['an unknown path', '/nowhere', {}, 404, 'not-found'],
    ['a slash in a parameter, which is one of the path', '/items/..%2Fopen', {}, 404, 'not-found'],
    ['an unknown method', '/answer', { method: 'GET' }, 404, 'not-found'],
    ['a path that is not encoded well', '/items/%zz', {}, 400, 'invalid-request'],
  ])('%s, in the form of the functions', async (_, path, init, status, code) => {
    const response = await call(path, init);
    expect(response.headers.get('content-type')).toBe('application/problem+json');
    const problem = problemSchema.parse(await response.json());
    expect([response.status, problem.status, problem.code]).toEqual([status, status, code]);
    expect(problem.requestId).toMatch(/.{10,}/);
  });

  test('a body over 10 MiB by its length, before it is sent', async () => {
    const status = await new Promise((resolve, reject) => {
      const sent = httpRequest(`${stack.apiUrl}/answer`, {
        method: 'POST',
        headers: { 'content-length': 10 * 1024 * 1024 + 1, expect: '100-continue' },
      });
      sent.on('response', (response) => {
        resolve(response.statusCode);
        sent.destroy();
      });
      sent.on('error', reject);
      sent.flushHeaders();
    });
    expect(status).toBe(413);
  });

  test('a body over 10 MiB that does not say its length', async () => {
    const chunk = new Uint8Array(1024 * 1024);
    const response = await new Promise<number | undefined>((resolve, reject) => {
      const sent = httpRequest(`${stack.apiUrl}/answer`, { method: 'POST' }, (got) => resolve(got.statusCode));
      sent.on('error', (error: NodeJS.ErrnoException) =>
        error.code === 'EPIPE' || error.code === 'ECONNRESET' ? undefined : reject(error),
      );
      for (let at = 0; at < 11; at++) sent.write(chunk);
    });
    expect(response).toBe(413);
  });

  test('an event over what Lambda takes', async () => {
    const body = JSON.stringify('x'.repeat(7 * 1024 * 1024));
    const response = await call('/answer', { method: 'POST', body, headers: { 'content-type': 'application/json' } });
    expect(response.status).toBe(413);
    expect(response.headers.get('content-type')).toBe('application/problem+json');
    expect(await response.json()).toMatchObject({ code: 'body-too-large', issues: [{ path: '' }] });
  });

  test('a body over 10 MiB that is sent before the answer is read', async () => {
    const body = new Uint8Array(30 * 1024 * 1024);
    for (let i = 0; i < 5; i++) {
      const response = await call('/answer', { method: 'POST', body });
      expect([response.status, await response.json()]).toMatchObject([413, { code: 'body-too-large' }]);
    }
  });
});

describe('the authorizer', () => {
  const asked = async (token: string, path = '/items/1'): Promise<number> =>
    (await eventOf(path, { headers: { authorization: token } })).requestContext.authorizer.lambda.asked;

  test('hands its context to the function', async () => {
    const event = await eventOf('/items/7?x=1', { headers: { authorization: 'yes' } });
    expect(event.requestContext.authorizer.lambda).toMatchObject({ role: 'reader', nested: { type: 'REQUEST' } });
  });

  test('is asked once for a token, whatever the path', async () => {
    const first = await asked('yes');
    expect(await asked('yes')).toBe(first);
    expect(await asked('yes', '/items/2')).toBe(first);
  });
});

describe('CORS', () => {
  test('a preflight is answered by the API', async () => {
    const headers = { origin: 'https://ok.example', 'access-control-request-method': 'POST' };
    const response = await call('/answer', { method: 'OPTIONS', headers });
    expect(response.status).toBe(204);
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'access-control-allow-origin': 'https://ok.example',
      'access-control-allow-methods': 'GET,POST',
      'access-control-allow-headers': 'authorization',
      'access-control-max-age': '60',
    });
  });

  test('answers carry the origin that is allowed, and no other', async () => {
    const from = async (origin: string): Promise<string | null> =>
      (await call('/open', { headers: { origin } })).headers.get('access-control-allow-origin');
    expect(await from('https://ok.example')).toBe('https://ok.example');
    expect(await from('https://other.example')).toBeNull();
  });
});
