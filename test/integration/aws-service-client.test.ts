// How calls to AWS fail and are tried again, against a server whose every answer is scripted.
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { s3Client } from '#functions/shared/aws/s3-client.ts';
import { type ServiceClient, serviceClient } from '#functions/shared/aws/service-client.ts';
import { stepFunctionsExecutor } from '#functions/shared/step-functions.ts';

type Answer = (response: ServerResponse, request: IncomingMessage) => void;

let server: Server;
let endpoint: string;
let script: Answer[];
let asked: { method: string; url: string; headers: IncomingMessage['headers']; body: string }[];
const sockets = new Set<Socket>();

beforeEach(async () => {
  script = [];
  asked = [];
  server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { method = '', url = '', headers } = request;
      asked.push({ method, url, headers, body: Buffer.concat(chunks).toString() });
      (script.shift() ?? reply(200, 'fine'))(response, request);
    });
  });
  server.on('connection', (socket) => sockets.add(socket));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(async () => {
  for (const socket of sockets) socket.destroy();
  await new Promise((resolve) => server.close(resolve));
});

const reply =
  (status: number, body = '', headers: Record<string, string> = {}): Answer =>
  (response) => {
    response.writeHead(status, headers).end(body);
  };
const reset: Answer = (response) => response.socket!.destroy();
const silent: Answer = () => undefined;
const cut: Answer = (response) => {
  response.writeHead(200, { 'content-length': '100' });
  response.write('half', () => response.socket!.destroy());
};

const credentials = { accessKeyId: 'KEY', secretAccessKey: 'secret' };
const limits = { attempts: 4, connectMs: 200, attemptMs: 100, callMs: 5000 };
const client = (): ServiceClient =>
  serviceClient({ service: 's3', region: 'eu-central-1', endpoint, credentials, limits });
const get = { method: 'GET', path: '/b/k' };

test('busy, reset, silent and cut answers are tried again', async () => {
  for (const bad of [reply(503, 'SlowDown'), reply(500), reply(429), reset, silent, cut]) {
    script = [bad, reply(200, 'good')];
    asked = [];
    const { status, body } = await client().send(get);
    expect([status, Buffer.from(body).toString(), asked.length]).toEqual([200, 'good', 2]);
  }
});

test('a refusal is not', async () => {
  script = [reply(403, '<Error><Code>AccessDenied</Code></Error>')];
  expect((await client().send(get)).status).toBe(403);
  expect(asked).toHaveLength(1);
});

test('four attempts and no more: the last answer, or the error of the last silence', async () => {
  script = Array.from({ length: 9 }, () => reply(503));
  expect((await client().send(get)).status).toBe(503);
  expect(asked).toHaveLength(4);
  script = Array.from({ length: 9 }, () => silent);
  asked = [];
  await expect(client().send(get)).rejects.toMatchObject({ name: 'TimeoutError', status: undefined });
  expect(asked).toHaveLength(4);
});

test('nobody listens: the name of the network error', async () => {
  const address = endpoint;
  await new Promise((resolve) => server.close(resolve));
  const nobody = serviceClient({ service: 's3', region: 'x', endpoint: address, credentials });
  await expect(nobody.send(get)).rejects.toMatchObject({ name: 'ECONNREFUSED' });
});

test('a clock that is wrong by hours is set by the answer that refuses it', async () => {
  const theirs = new Date(Date.now() + 5 * 3600 * 1000);
  script = [reply(403, '<Error><Code>RequestTimeTooSkewed</Code></Error>', { date: theirs.toUTCString() })];
  expect((await client().send(get)).status).toBe(200);
  const signedAt = asked.map(({ headers }) => String(headers['x-amz-date']));
  const hour = (date: Date): string => date.toISOString().slice(0, 13).replace(/-/g, '');
  expect(signedAt[1]!.slice(0, 11)).toBe(hour(theirs));
  expect(signedAt[0]!.slice(0, 11)).not.toBe(hour(theirs));
});

test('missing credentials are said at once, by name', async () => {
  const nobody = serviceClient({
    service: 's3',
    region: 'x',
    endpoint,
    credentials: () => {
      throw new Error('the environment has no AWS_ACCESS_KEY_ID');
    },
  });
  await expect(nobody.send(get)).rejects.toThrow('AWS_ACCESS_KEY_ID');
  expect(asked).toEqual([]);
});

test("S3's refusal says what, where and the request's id", async () => {
  script = [
    reply(403, '<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>', {
      'x-amz-request-id': 'R1',
    }),
  ];
  const s3 = s3Client({ region: 'eu-central-1', endpoint, credentials });
  await expect(s3.send({ method: 'PUT', bucket: 'b', key: 'a/ü b', body: Buffer.from('x') })).rejects.toMatchObject({
    name: 'AccessDenied',
    status: 403,
    message: 'PUT s3://b/a/ü b: AccessDenied: Access Denied (request id R1)',
  });
  expect(asked[0]!.url).toBe('/b/a/%C3%BC%20b');
});

test("on AWS's own host the bucket is part of the host, unless it has dots; China has its own", async () => {
  const url = async (region: string, bucket: string): Promise<string> =>
    (await s3Client({ region, credentials }).presign({ method: 'GET', bucket, key: 'k' }, 60)).split('?')[0]!;
  expect(await url('eu-central-1', 'data')).toBe('https://data.s3.eu-central-1.amazonaws.com/k');
  expect(await url('eu-central-1', 'my.data')).toBe('https://s3.eu-central-1.amazonaws.com/my.data/k');
  expect(await url('cn-north-1', 'data')).toBe('https://data.s3.cn-north-1.amazonaws.com.cn/k');
});

test('Step Functions: a run is started by its name, and one that ended before is the same run', async () => {
  const arn = 'arn:aws:states:eu-central-1:1:stateMachine:M';
  const executor = stepFunctionsExecutor(
    arn,
    serviceClient({ service: 'states', region: 'eu-central-1', endpoint, credentials }),
  );
  const run = { runId: 'r1', requestedBy: 'operator' } as const;
  script = [
    reply(200, '{"executionArn":"arn:e","startDate":1}'),
    reply(400, '{"__type":"com.amazonaws.states#ExecutionAlreadyExists","message":"there"}'),
    reply(400, '{"__type":"AccessDeniedException","message":"no"}'),
    reply(200, '{"stopDate":1}'),
  ];
  expect(await executor.start(run)).toBe('arn:e');
  expect(await executor.start(run)).toBe('arn:aws:states:eu-central-1:1:execution:M:r1');
  await expect(executor.start(run)).rejects.toMatchObject({ name: 'AccessDeniedException', status: 400 });
  await executor.stop('arn:e', 'enough');
  expect(asked.map(({ headers }) => headers['x-amz-target'])).toEqual([
    ...Array.from({ length: 3 }, () => 'AWSStepFunctions.StartExecution'),
    'AWSStepFunctions.StopExecution',
  ]);
  expect(JSON.parse(asked[0]!.body)).toEqual({
    stateMachineArn: arn,
    name: 'r1',
    input: '{"requestedBy":"operator"}',
  });
  expect(JSON.parse(asked[3]!.body)).toEqual({ executionArn: 'arn:e', error: 'Stopped', cause: 'enough' });
});
