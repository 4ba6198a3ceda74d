// A store that accepts and says nothing, or stops in the middle: every call ends by itself, after further attempts.
import { mkdtemp, rm } from 'node:fs/promises';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { Store } from '#core/store/store.ts';
import { type S3Client, s3Client } from '#functions/shared/aws/s3-client.ts';
import { serviceClient } from '#functions/shared/aws/service-client.ts';
import { s3Store } from '#functions/shared/s3-store.ts';
import { stepFunctionsExecutor } from '#functions/shared/step-functions.ts';
import { ownTimeLimits, timeLimits } from '#functions/shared/time-limits.ts';
import { type S3Endpoint, startS3 } from '#stack/s3/server.ts';

/** As of a function that has one second: short enough to wait for. */
const limits = timeLimits(1);
const credentials = { accessKeyId: 'LOCALTEST', secretAccessKey: 'for tests only' };
const region = 'eu-central-1';

/** What the wire between client and store does with a connection. `cut`: the connection ends after so many bytes of the
 * answer; `stalled`: nothing comes after them. */
type Behaviour = 'through' | 'silent' | { readonly cut: number } | { readonly stalled: number };

let folder: string;
let s3: S3Endpoint;
let wire: Server;
let client: S3Client;
let store: Store;
let executorUrl: string;
/** One for each further connection; `through` after the last. */
let behaviours: Behaviour[] = [];
let always: Behaviour | undefined;
let connections = 0;
const sockets = new Set<Socket>();

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sugarbush-silent-'));
  s3 = await startS3({ stateDir: folder, credentials, region, buckets: ['data'] });
  wire = createServer((socket) => joinTo(socket, always ?? behaviours.shift() ?? 'through'));
  await new Promise<void>((resolve) => wire.listen(0, '127.0.0.1', resolve));
  const { port } = wire.address() as { port: number };
  executorUrl = `http://127.0.0.1:${port}`;
  client = s3Client({ endpoint: executorUrl, region, credentials, limits });
  store = s3Store({ bucket: 'data', client });
});
afterAll(async () => {
  for (const socket of sockets) socket.destroy();
  await new Promise((resolve) => wire.close(resolve));
  await s3.close();
  await rm(folder, { recursive: true });
});
beforeEach(() => {
  client.close();
  behaviours = [];
  always = undefined;
  connections = 0;
});

function joinTo(near: Socket, behaviour: Behaviour): void {
  connections++;
  sockets.add(near);
  near.on('error', () => {});
  near.resume();
  if (behaviour === 'silent') return;
  const upstream = connect(s3.port, '127.0.0.1');
  sockets.add(upstream);
  upstream.on('error', () => {});
  near.pipe(upstream);
  if (behaviour === 'through') {
    upstream.pipe(near);
    return;
  }
  const ends = 'cut' in behaviour;
  let left = ends ? behaviour.cut : behaviour.stalled;
  upstream.on('data', (bytes) => {
    const head = bytes.indexOf('\r\n\r\n');
    const passed = head >= 0 ? head + 4 + left : left;
    left = 0;
    if (passed > 0) near.write(bytes.subarray(0, passed));
    if (ends) near.end();
  });
}

/** What the next connection meets; those that are kept end first, so that the next request opens one. */
function meet(behaviour: Behaviour): void {
  client.close();
  behaviours = [behaviour];
}

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const listed = async (prefix: string): Promise<string[]> => {
  const keys: string[] = [];
  for await (const key of store.list(prefix)) keys.push(key);
  return keys;
};

test.each<[string, () => Promise<unknown>]>([
  ['get', () => store.get('a/x')],
  ['put', () => store.put('a/x', bytes('one'))],
  ['a large put, which waits for leave to send', () => store.put('a/large', new Uint8Array(3 * 2 ** 20))],
  ['list', () => listed('a/')],
  ['delete', () => store.delete('a/x')],
  [
    'the start of an execution',
    () => {
      const states = serviceClient({ service: 'states', endpoint: executorUrl, region, credentials, limits });
      const executor = stepFunctionsExecutor('arn:aws:states:eu-central-1:0:stateMachine:m', states);
      return executor.start({ runId: 'r', requestedBy: 'operator' });
    },
  ],
])('%s ends with a time-out after several attempts at a store that says nothing', async (_, call) => {
  always = 'silent';
  await expect(call()).rejects.toMatchObject({ name: 'TimeoutError' });
  expect(connections).toBeGreaterThanOrEqual(2);
});

test('a store that was silent once is asked again and answers', async () => {
  await store.put('b/x', bytes('one'));
  meet('silent');
  expect((await store.get('b/x'))?.body).toEqual(bytes('one'));
  meet('silent');
  await store.put('b/x', bytes('two'));
  meet('silent');
  expect(await listed('b/')).toEqual(['b/x']);
  meet('silent');
  await store.delete('b/x');
  expect(await listed('b/')).toEqual([]);
});

test.each<[string, Behaviour]>([
  ['stops in the middle', { stalled: 3 }],
  ['ends in the middle', { cut: 3 }],
])('an object whose answer %s is asked for again, and comes whole', async (_, behaviour) => {
  await store.put('c/x', bytes('0123456789'));
  connections = 0;
  meet(behaviour);
  expect((await store.get('c/x'))?.body).toEqual(bytes('0123456789'));
  expect(connections).toBe(2);
});

test('an object whose answer stops every time is an error, not a wait', async () => {
  await store.put('c/x', bytes('0123456789'));
  client.close();
  always = { stalled: 3 };
  await expect(store.get('c/x')).rejects.toMatchObject({ name: 'TimeoutError' });
});

test('a call ends before its function does, with at least three attempts at a silent service', () => {
  for (const timeoutS of [5, 10, 15, 28, 60, 120, 900]) {
    const { attempts, attemptMs, callMs, connectMs } = timeLimits(timeoutS);
    expect(callMs).toBeLessThan(timeoutS * 1000);
    expect(attemptMs * 3).toBeLessThan(callMs);
    expect(connectMs).toBeLessThanOrEqual(attemptMs);
    expect(attempts).toBeGreaterThanOrEqual(3);
  }
  // 70 % of five seconds, and three attempts and a half in it.
  expect(timeLimits(5)).toEqual({ attempts: 4, connectMs: 1000, attemptMs: 1000, callMs: 3500 });
  expect(timeLimits(900)).toEqual({ attempts: 4, connectMs: 2000, attemptMs: 8000, callMs: 30_000 });
});

test('the limits follow from what the template tells, and a wrong word there is named', () => {
  expect(ownTimeLimits({ FUNCTION_TIMEOUT_S: '5' })).toEqual(timeLimits(5));
  expect(ownTimeLimits({})).toEqual(timeLimits(30));
  for (const wrong of ['', 'soon', '0', '901']) {
    expect(() => ownTimeLimits({ FUNCTION_TIMEOUT_S: wrong })).toThrow(/FUNCTION_TIMEOUT_S is '.*'; allowed/);
  }
});
