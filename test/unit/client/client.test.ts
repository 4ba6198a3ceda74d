// The client against a scripted fetch: what it sends, what it repeats and how long it waits, what it makes of answers.
import { describe, expect, test } from 'vitest';
import { apiClient, type ClientOptions } from '#client/client.ts';
import { ApiError, concernsEveryCall, UnreachableError } from '#client/errors.ts';
import { retryText } from '#client/retry.ts';
import { operations } from '#contract/operations.ts';
import { DomainError } from '#core/errors.ts';

interface Sent {
  readonly url: string;
  readonly method: string;
  readonly headers: Headers;
  readonly body: unknown;
}
type Scripted = Response | Error;

const device = {
  deviceId: 'd',
  name: 'D',
  tokenId: 't',
  createdAt: '2026-01-02T03:04:05.000Z',
  expiresAt: '2027-01-02T03:04:05.000Z',
};
const page = { devices: [device], nextCursor: null };
const json = (status: number, body: unknown, headers: Record<string, string> = {}): Response =>
  Response.json(body, { status, headers });
const connectionLost = (code: string): Error =>
  new TypeError('fetch failed', { cause: Object.assign(new Error(), { code }) });

function scripted(answers: readonly Scripted[], options: Partial<ClientOptions<typeof operations>> = {}) {
  const left = [...answers];
  const sent: Sent[] = [];
  const pausesMs: number[] = [];
  const client = apiClient({
    api: 'https://api.example/',
    operations,
    token: 'sb_secret',
    ...options,
    ports: {
      fetch: async (url, init) => {
        const { method = 'GET', headers, body } = init ?? {};
        sent.push({ url: String(url), method, headers: new Headers(headers), body });
        const next = left.shift();
        if (next === undefined) throw new Error('the script has ended');
        if (next instanceof Error) throw next;
        return next;
      },
      sleep: async (ms) => void pausesMs.push(ms),
      random: () => 0.5,
      now: () => Date.parse('2026-01-02T03:04:05Z'),
      newKey: () => 'a-new-key',
      ...options.ports,
    },
  });
  return { client, sent, pausesMs };
}

describe('a request', () => {
  test('has its parameters in path and query, the token, and a key where it creates something', async () => {
    const { client, sent } = scripted([json(200, page), json(200, { device }), json(201, { device, token: 'x' })]);
    await client.call('listDevices', { query: { limit: 2, cursor: 'a b&c' } });
    await client.call('revokeDevice', { path: { id: 'a/b?c' } });
    await client.as('sb_other').call('enrolDevice', { body: { name: 'Ä' } });
    expect(sent.map(({ method, url }) => `${method} ${url}`)).toEqual([
      'GET https://api.example/v1/devices?limit=2&cursor=a+b%26c',
      'DELETE https://api.example/v1/devices/a%2Fb%3Fc',
      'POST https://api.example/v1/devices',
    ]);
    expect(sent.map(({ headers }) => headers.get('authorization'))).toEqual([
      'Bearer sb_secret',
      'Bearer sb_secret',
      'Bearer sb_other',
    ]);
    expect(sent.map(({ headers }) => headers.get('idempotency-key'))).toEqual([null, null, 'a-new-key']);
    expect(sent.map(({ headers }) => headers.get('content-type'))).toEqual([null, null, 'application/json']);
    expect(sent[2]!.body).toBe('{"name":"Ä"}');
  });

  test('is sent again with the same key', async () => {
    const { client, sent } = scripted([json(500, {}), json(201, { device, token: 'x' })], {
      ports: {
        newKey: (() => {
          let n = 0;
          return () => `key-${n++}`;
        })(),
      },
    });
    await client.call('enrolDevice', { body: { name: 'D' } });
    expect(sent.map(({ headers }) => headers.get('idempotency-key'))).toEqual(['key-0', 'key-0']);
  });

  test('without a token has no authorization', async () => {
    const { client, sent } = scripted([json(200, { live: true, ready: true, champion: 'a' })], { token: undefined });
    await client.call('health');
    expect(sent[0]!.headers.has('authorization')).toBe(false);
  });
});

describe('what may pass', () => {
  test('is waited out with growing pauses: lost connections, 408, 425, 429, 5xx', async () => {
    const { client, pausesMs } = scripted([
      connectionLost('ECONNRESET'),
      json(503, {}),
      json(408, {}),
      json(425, {}),
      json(429, {}),
      json(200, page),
    ]);
    expect(await client.call('listDevices')).toEqual(page);
    expect(pausesMs).toEqual([500, 1000, 2000, 4000, 8000]);
  });

  test('is given up after the attempts of the rule, with the last fault', async () => {
    const { client, sent } = scripted([json(500, {}), connectionLost('ECONNREFUSED')], {
      retry: { attempts: 2, firstPauseMs: 10, longestPauseMs: 100 },
    });
    const error = await client.call('listDevices').catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(UnreachableError);
    expect(error).toMatchObject({ code: 'unreachable', message: 'api.example: ECONNREFUSED' });
    expect(concernsEveryCall(error)).toBe(true);
    expect(sent).toHaveLength(2);
  });

  test.each([
    ['seconds', '7', 7000],
    ['a date', 'Fri, 02 Jan 2026 03:04:35 GMT', 30_000],
    ['less than the own pause', '0', 500],
    ['neither', 'soon', 500],
  ])('Retry-After as %s is the least pause', async (_, header, pauseMs) => {
    const { client, pausesMs } = scripted([json(503, {}, { 'retry-after': header }), json(200, page)]);
    await client.call('listDevices');
    expect(pausesMs).toEqual([pauseMs]);
  });

  test('each further attempt is told, with its number', async () => {
    const said: string[] = [];
    const { client } = scripted([connectionLost('ECONNREFUSED'), connectionLost('ECONNREFUSED'), json(200, page)], {
      onRetry: (retry) => void said.push(retryText(retry)),
    });
    await client.call('listDevices');
    expect(said).toEqual([
      'api.example: ECONNREFUSED; trying again in 0.5 s (2 of 6)\n',
      'api.example: ECONNREFUSED; trying again in 1.0 s (3 of 6)\n',
    ]);
  });

  test('a service that asks for more than the longest pause is not waited for', async () => {
    const { client, sent } = scripted([json(429, { code: 'quota-exceeded' }, { 'retry-after': '7200' })]);
    const error = await client.call('listDevices').catch((reason: unknown) => reason);
    expect(error).toMatchObject({
      code: 'quota-exceeded',
      retryAfterMs: 7_200_000,
      message: 'GET /v1/devices: 429; again in 2 h',
    });
    expect(concernsEveryCall(error)).toBe(true);
    expect(sent).toHaveLength(1);
  });

  test('ends when it is cancelled, also in a pause', async () => {
    const stop = new AbortController();
    const { client } = scripted([json(500, {}), json(200, page)], {
      signal: stop.signal,
      ports: {
        sleep: async (_, signal) => {
          stop.abort();
          signal!.throwIfAborted();
        },
      },
    });
    await expect(client.call('listDevices')).rejects.toMatchObject({ code: 'cancelled' });
    const reason = new DomainError('cancelled', 'my own words');
    const { client: other } = scripted([new Error('aborted')], { signal: AbortSignal.abort(reason) });
    await expect(other.call('listDevices')).rejects.toBe(reason);
  });
});

describe('an answer', () => {
  test('that refuses is an error with code, status, issues and request id, at once', async () => {
    const issues = [{ path: 'name', message: 'too long' }];
    const problem = {
      type: 'urn:x',
      title: 'T',
      status: 400,
      code: 'invalid-request',
      detail: 'why',
      issues,
      requestId: 'r',
    };
    const { client, sent } = scripted([json(400, problem)]);
    const error = await client.call('enrolDevice', { body: { name: '' } }).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(ApiError);
    expect(error).toMatchObject({
      code: 'invalid-request',
      status: 400,
      issues,
      requestId: 'r',
      message: 'POST /v1/devices: 400 why',
    });
    expect(sent).toHaveLength(1);
  });

  test.each([
    [401, 'unauthorized'],
    [403, 'forbidden'],
    [404, 'not-found'],
    [418, 'internal'],
  ])('%i of somebody else has the code %s', async (status, code) => {
    const { client } = scripted([new Response('<html>', { status })]);
    await expect(client.call('listDevices')).rejects.toMatchObject({ status, code, issues: [] });
  });

  test('503 of health is health; of API Gateway it is a refusal', async () => {
    const health = { live: true, ready: false, champion: null };
    const { client, pausesMs } = scripted([json(503, { message: 'Service Unavailable' }), json(503, health)]);
    expect(await client.call('health')).toEqual(health);
    expect(pausesMs).toHaveLength(1);
  });

  test('of a newer service is read without its new fields, unless strictly', async () => {
    const newer = { devices: [{ ...device, colour: 'red' }], nextCursor: null, total: 1 };
    const { client } = scripted([json(200, newer)]);
    expect(await client.call('listDevices')).toEqual(page);
    const { client: strict } = scripted([json(200, newer)], { strict: true });
    await expect(strict.call('listDevices')).rejects.toMatchObject({ code: 'unexpected-reply' });
  });

  test('that lacks something is not of the service', async () => {
    const { client } = scripted([json(200, { devices: [{ ...device, name: undefined }], nextCursor: null })]);
    await expect(client.call('listDevices')).rejects.toMatchObject({
      code: 'unexpected-reply',
      message: expect.stringContaining('GET /v1/devices: the service answered something else: devices/0/name'),
    });
  });

  test('that is a login page is waited out as if nobody were there', async () => {
    const { client } = scripted([new Response('<html>Log in</html>'), json(200, page)]);
    expect(await client.call('listDevices')).toEqual(page);
  });

  test('that breaks off in the middle is asked for again', async () => {
    const body = new ReadableStream({ start: (controller) => controller.error(new TypeError('terminated')) });
    const { client } = scripted([new Response(body), json(200, page)]);
    expect(await client.call('listDevices')).toEqual(page);
  });

  test('that is a page is its text', async () => {
    const { client } = scripted([new Response('<!doctype html>', { headers: { 'content-type': 'text/html' } })]);
    const path = { searchSpace: 'ofa', version: '0123456789abcdef' };
    expect(await client.call('showReport', { path })).toBe('<!doctype html>');
  });
});

describe('the PUT of a profile', () => {
  const place = { url: 'https://store.example/x?X-Amz-Signature=SIGNED', headers: { 'Content-Length': '1', a: 'b' } };
  const bytes = new Uint8Array([1]);

  test('sends exactly the headers, without the length and the token, and waits out 409', async () => {
    const { client, sent, pausesMs } = scripted([new Response(null, { status: 409 }), new Response()]);
    expect(await client.putUpload(place, bytes)).toBe('stored');
    expect(sent.map(({ method, url, headers }) => [method, url, [...headers]])).toEqual(
      Array.from({ length: 2 }, () => ['PUT', place.url, [['a', 'b']]]),
    );
    expect(pausesMs).toEqual([500]);
  });

  test.each([
    [412, 'exists'],
    [403, 'expired'],
    [400, 'expired'],
  ])('%i is %s', async (status, stored) => {
    const { client } = scripted([new Response(null, { status })]);
    expect(await client.putUpload(place, bytes)).toBe(stored);
  });

  test('says no signed address when it fails', async () => {
    const { client } = scripted([new Response(null, { status: 405 })]);
    const refused = await client.putUpload(place, bytes).catch((error: unknown) => error as Error);
    expect(refused).toMatchObject({ status: 405, message: 'PUT of the profile: the store answers 405' });
    const { client: away } = scripted([connectionLost('ENOTFOUND')], {
      retry: { attempts: 1, firstPauseMs: 1, longestPauseMs: 1 },
    });
    const lost = await away.putUpload(place, bytes).catch((error: unknown) => error as Error);
    expect(lost).toMatchObject({ message: 'store.example: ENOTFOUND' });
  });
});

test('what is called wrongly does not compile', () => {
  const { client } = scripted([]);
  void (() => {
    // @ts-expect-error: there is no such route
    void client.call('nothing');
    // @ts-expect-error: the path has a parameter
    void client.call('showTrainingRun');
    // @ts-expect-error: it is called id
    void client.call('showTrainingRun', { path: { runId: 'x' } });
    // @ts-expect-error: a name is text
    void client.call('enrolDevice', { body: { name: 7 } });
    // @ts-expect-error: nothing is created
    void client.call('listDevices', { idempotencyKey: 'x' });
    // @ts-expect-error: a limit is a number
    void client.call('listTargets', { query: { limit: true } });
  });
});
