import { gunzipSync, gzipSync } from 'node:zlib';
import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { predictionBody, predictReplySchema } from '#contract/predictions.ts';
import { problemSchema } from '#contract/problem.ts';
import type { HttpHandler } from '#functions/shared/http-handler.ts';
import { captured, context, type ServiceUnderTest, startService } from './service-under-test.ts';

let service: ServiceUnderTest;
let handler: HttpHandler;
beforeAll(async () => {
  service = await startService();
  ({ handler } = await import('#functions/predict.ts'));
});
afterAll(() => service.close());

type Change = (event: APIGatewayProxyEventV2) => void;
const ask = async (change?: Change) => handler(await captured('predictions', change), context);

interface Body {
  searchSpace: string;
  target?: string;
  targets?: string[];
  architectures: unknown[];
  [key: string]: unknown;
}
const body =
  (change: (body: Body) => void): Change =>
  (event) => {
    const parsed = JSON.parse(event.body!);
    change(parsed);
    event.body = JSON.stringify(parsed);
  };
const lambdaContext = (value: object | undefined): Change => {
  return (event) => {
    (event.requestContext as { authorizer?: unknown }).authorizer = value && { lambda: value };
  };
};

describe('a good request', () => {
  test('is answered in the documented form', async () => {
    const reply = await ask();
    expect(reply).toMatchObject({ statusCode: 200, headers: { 'content-type': 'application/json' } });
    const parsed = predictReplySchema.parse(JSON.parse(reply.body!));
    expect(parsed.results).toMatchObject([
      { target: 'server', measurements: 20, latencyMs: [{}, {}].map(() => expect.any(Number)) },
    ]);
  });

  test('asks S3 nothing once it is warm', async () => {
    await ask(
      body((b) => {
        b.targets = ['phone_1', 'server'];
        delete b.target;
      }),
    );
    const before = { ...service.s3.counts() };
    for (let i = 0; i < 20; i++) await ask();
    expect(service.s3.counts()).toEqual(before);
  });

  test('may be compressed, and its reply is if the caller takes that', async () => {
    const reply = await ask((event) => {
      body((b) => (b.architectures = Array.from({ length: 500 }, () => b.architectures[0])))(event);
      event.body = gzipSync(event.body!).toString('base64');
      event.isBase64Encoded = true;
      event.headers = { ...event.headers, 'content-encoding': 'gzip', 'accept-encoding': 'br, gzip;q=0.8' };
    });
    expect(reply).toMatchObject({ statusCode: 200, isBase64Encoded: true, headers: { 'content-encoding': 'gzip' } });
    const text = gunzipSync(Buffer.from(reply.body!, 'base64')).toString();
    expect(predictReplySchema.parse(JSON.parse(text)).results[0]?.latencyMs).toHaveLength(500);
  });

  test('is not compressed for a caller who refuses gzip', async () => {
    const reply = await ask((event) => {
      body((b) => (b.architectures = Array.from({ length: 500 }, () => b.architectures[0])))(event);
      event.headers['accept-encoding'] = 'gzip;q=0, identity';
    });
    expect(reply.isBase64Encoded).toBeUndefined();
    expect(JSON.parse(reply.body!).architectures).toBe(500);
  });
});

interface Refusal {
  readonly name: string;
  readonly change: Change;
  readonly status: number;
  readonly code: string;
  readonly issues: readonly { readonly path: string; readonly message: RegExp }[];
}

const malformed = 'invalid-request';
const refusals: Refusal[] = [
  {
    name: 'malformed JSON',
    change: (event) => (event.body = event.body!.slice(0, -1)),
    status: 400,
    code: malformed,
    issues: [{ path: '', message: /^the body is not JSON: / }],
  },
  {
    name: 'no body',
    change: (event) => delete event.body,
    status: 400,
    code: malformed,
    issues: [{ path: '', message: /^the body is empty/ }],
  },
  {
    name: 'a body that is not UTF-8',
    change: (event) => {
      event.body = Buffer.from([0x22, 0xff, 0x22]).toString('base64');
      event.isBase64Encoded = true;
    },
    status: 400,
    code: malformed,
    issues: [{ path: '', message: /^the body is not UTF-8/ }],
  },
  {
    name: 'JSON that is no object',
    change: (event) => (event.body = '[1]'),
    status: 400,
    code: malformed,
    issues: [{ path: '', message: /expected object/ }],
  },
  {
    name: 'an unknown key',
    change: body((b) => (b['budget'] = 3)),
    status: 400,
    code: malformed,
    issues: [{ path: '', message: /budget/ }],
  },
  {
    name: 'target and targets',
    change: body((b) => (b.targets = ['server'])),
    status: 400,
    code: malformed,
    issues: [{ path: 'target', message: /exactly one of target and targets/ }],
  },
  {
    name: 'neither target nor targets',
    change: body((b) => delete b.target),
    status: 400,
    code: malformed,
    issues: [{ path: 'target', message: /exactly one of target and targets/ }],
  },
  {
    name: 'no architectures',
    change: body((b) => (b.architectures = [])),
    status: 400,
    code: malformed,
    issues: [{ path: 'architectures', message: />=1/ }],
  },
  {
    name: 'an architecture that is no text',
    change: body((b) => (b.architectures[1] = 7)),
    status: 400,
    code: malformed,
    issues: [{ path: 'architectures/1', message: /expected string/ }],
  },
  ...[0, -1, '3', null].map((budgetMs) => ({
    name: `a budget of ${JSON.stringify(budgetMs)}`,
    change: body((b) => (b['budgetMs'] = budgetMs)),
    status: 400,
    code: malformed,
    issues: [{ path: 'budgetMs', message: /./ }],
  })),
  ...[0, 1, 1.5].map((confidence) => ({
    name: `a confidence of ${confidence}`,
    change: body((b) => (b['confidence'] = confidence)),
    status: 400,
    code: malformed,
    issues: [{ path: 'confidence', message: /./ }],
  })),
  {
    name: 'an unknown search space',
    change: body((b) => (b.searchSpace = 'nasbench')),
    status: 404,
    code: 'unknown-search-space',
    issues: [{ path: 'searchSpace', message: /there are: nasbench201, fbnet, ofa/ }],
  },
  {
    name: 'an unknown target',
    change: body((b) => (b.target = 'Server1')),
    status: 404,
    code: 'unknown-target',
    issues: [{ path: 'target', message: /^target 'Server1' not found; nearest: server, / }],
  },
  {
    name: 'a malformed architecture among good ones',
    change: body((b) => b.architectures.splice(1, 0, '|nor_conv_3x3~0|')),
    status: 400,
    code: 'invalid-architecture',
    issues: [{ path: 'architectures/1', message: /./ }],
  },
  {
    name: 'too many architectures',
    change: body((b) => (b.architectures = Array.from({ length: 20_001 }, () => b.architectures[0]))),
    status: 413,
    code: 'too-many-architectures',
    issues: [{ path: 'architectures', message: /^20001 architectures in one request; at most 20000/ }],
  },
  {
    name: 'a body over the limit',
    change: (event) => (event.body = ' '.repeat(predictionBody.bytes) + event.body),
    status: 413,
    code: 'body-too-large',
    issues: [{ path: '', message: /at most 5242880 bytes/ }],
  },
  {
    name: 'a small body that expands over the limit',
    change: (event) => {
      event.body = gzipSync(' '.repeat(predictionBody.bytes) + event.body).toString('base64');
      event.isBase64Encoded = true;
      event.headers['content-encoding'] = 'gzip';
    },
    status: 413,
    code: 'body-too-large',
    issues: [{ path: '', message: /expands to more; at most 5242880 bytes/ }],
  },
  {
    name: 'a body that is not the gzip it says it is',
    change: (event) => (event.headers['content-encoding'] = 'gzip'),
    status: 400,
    code: malformed,
    issues: [{ path: '', message: /not valid gzip/ }],
  },
  {
    name: 'another compression',
    change: (event) => (event.headers['content-encoding'] = 'br'),
    status: 415,
    code: 'unsupported-encoding',
    issues: [{ path: '', message: /'br'; allowed: gzip, identity/ }],
  },
  {
    name: 'a refused token',
    change: lambdaContext({ refusal: 'the bearer token expired at 2026-01-01T00:00:00.000Z' }),
    status: 401,
    code: 'unauthorized',
    issues: [{ path: 'headers/authorization', message: /expired at 2026-01-01/ }],
  },
  {
    name: 'a request that no authorizer saw',
    change: lambdaContext(undefined),
    status: 401,
    code: 'unauthorized',
    issues: [{ path: 'headers/authorization', message: /no bearer token/ }],
  },
  ...['device', 'operator'].map((role) => ({
    name: `the role ${role}`,
    change: lambdaContext({ role, tokenId: '0001020304050607' }),
    status: 403,
    code: 'forbidden',
    issues: [{ path: 'headers/authorization', message: new RegExp(`role is '${role}'; allowed: reader`) }],
  })),
  {
    name: 'a role that there is not',
    change: lambdaContext({ role: 'root', tokenId: '0001020304050607' }),
    status: 401,
    code: 'unauthorized',
    issues: [{ path: 'headers/authorization', message: /./ }],
  },
  {
    name: 'a route that there is not',
    change: (event) => (event.routeKey = 'POST /v1/prophecies'),
    status: 404,
    code: 'not-found',
    issues: [{ path: '', message: /./ }],
  },
];

describe('refused with problem details', () => {
  test.each(refusals)('$name: $status $code', async ({ change, status, code, issues }) => {
    const reply = await ask(change);
    expect(reply).toMatchObject({ statusCode: status, headers: { 'content-type': 'application/problem+json' } });
    const problem = problemSchema.parse(JSON.parse(reply.body!));
    expect(problem).toMatchObject({
      type: `urn:sugarbush:problem:${code}`,
      status,
      code,
      requestId: 'JKJaXmPLvHcESHA=',
      issues: issues.map(({ path, message }) => ({ path, message: expect.stringMatching(message) })),
    });
    expect(problem.detail).toBeTruthy();
    expect(reply.headers!['www-authenticate'] !== undefined).toBe(status === 401);
  });
});

describe('from 500 on only code and request id leave', () => {
  const hidden = async (change: Change, status: number, code: string) => {
    const reply = await ask(change);
    expect(reply.headers).toMatchObject({ 'content-type': 'application/problem+json' });
    const { type, title, ...rest } = JSON.parse(reply.body!);
    expect(type).toBe(`urn:sugarbush:problem:${code}`);
    expect(title).toBeTruthy();
    expect(rest).toEqual({ status, code, requestId: 'JKJaXmPLvHcESHA=' });
    return reply;
  };

  test('a target that is not adapted yet, with when to try again', async () => {
    const reply = await hidden(
      body((b) => (b.target = 'phone_32')),
      503,
      'not-ready',
    );
    expect(reply.headers).toMatchObject({ 'retry-after': '2' });
  });

  test('a damaged adaptation', async () => {
    const version = JSON.parse((await ask()).body!).results[0].predictor.version;
    const key = `adaptations/${version}/damaged.json`;
    await service.store.put(key, new TextEncoder().encode('{"secret":'));
    await hidden(
      body((b) => (b.target = 'damaged')),
      500,
      'internal',
    );
  });
});
