// The storage port over S3, with the ordinary client against the embedded endpoint.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Store } from '#core/store/store.ts';
import { type S3Client, s3Client } from '#functions/shared/aws/s3-client.ts';
import { s3Store } from '#functions/shared/s3-store.ts';
import { type Fault, type FaultRequest, type S3Endpoint, startS3 } from '#stack/s3/server.ts';

let folder: string;
let s3: S3Endpoint;
let store: Store;
let client: S3Client;
let fault: (request: FaultRequest) => Fault | undefined = () => undefined;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sugarbush-store-'));
  const credentials = { accessKeyId: 'LOCALTEST', secretAccessKey: 'for tests only' };
  const region = 'eu-central-1';
  const faults = (request: FaultRequest): Fault | undefined => fault(request);
  s3 = await startS3({ stateDir: folder, credentials, region, buckets: ['data'], faults });
  client = s3Client({ endpoint: s3.url, region, credentials });
  store = s3Store({ bucket: 'data', client });
});
afterAll(async () => {
  await s3.close();
  await rm(folder, { recursive: true });
});

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const collected = async (keys: AsyncIterable<string>): Promise<string[]> => {
  const all: string[] = [];
  for await (const key of keys) all.push(key);
  return all;
};

test('what is put is got, with an etag that says whether it changed', async () => {
  expect(await store.get('a/missing')).toBeUndefined();
  const { etag } = await store.put('a/x', bytes('one'));
  const got = await store.get('a/x');
  expect(got).toEqual({ body: bytes('one'), etag });
  expect(await store.get('a/x', etag)).toBe('not-modified');
  await store.put('a/x', bytes('two'));
  expect(await store.get('a/x', etag)).toMatchObject({ body: bytes('two') });
  await store.delete('a/x');
  expect(await store.get('a/x')).toBeUndefined();
  await store.delete('a/x');
});

test('a condition that does not hold fails the write and changes nothing', async () => {
  const failed = { code: 'precondition-failed' };
  const { etag } = await store.put('c/x', bytes('one'), { ifNoneMatch: '*' });
  await expect(store.put('c/x', bytes('two'), { ifNoneMatch: '*' })).rejects.toMatchObject(failed);
  await expect(store.put('c/x', bytes('two'), { ifMatch: '"0"' })).rejects.toMatchObject(failed);
  await expect(store.put('c/missing', bytes('two'), { ifMatch: etag })).rejects.toMatchObject(failed);
  expect((await store.get('c/x'))?.body).toEqual(bytes('one'));
  await store.put('c/x', bytes('two'), { ifMatch: etag });
  expect((await store.get('c/x'))?.body).toEqual(bytes('two'));
});

test('to who may list some prefixes only S3 says 403 of what is missing, and a list tells', async () => {
  const denied: Fault = { status: 403, code: 'AccessDenied' };
  await store.put('d/xy', bytes('another'));
  // As in the cloud: the role may get and list `d/`.
  fault = ({ method, key }) => (method === 'GET' && key === 'd/x' ? denied : undefined);
  expect(await store.get('d/x')).toBeUndefined();
  await store.put('d/x', bytes('there'));
  await expect(store.get('d/x')).rejects.toMatchObject({ name: 'AccessDenied' });
  // It may not list either.
  fault = ({ method }) => (method === 'GET' ? denied : undefined);
  await expect(store.get('d/missing')).rejects.toMatchObject({ name: 'AccessDenied' });
  // It is known to list nothing.
  expect(await s3Store({ bucket: 'data', client, mayList: false }).get('d/missing')).toBeUndefined();
  fault = () => undefined;
});

test('of many writers at once exactly one creates the object', async () => {
  const writes = Array.from({ length: 20 }, (_, i) => store.put('race/x', bytes(`${i}`), { ifNoneMatch: '*' }));
  const outcomes = await Promise.allSettled(writes);
  expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  for (const outcome of outcomes) {
    if (outcome.status === 'rejected') expect(outcome.reason).toMatchObject({ code: 'precondition-failed' });
  }
});

test('409 under contention is a failed condition; 500 and SlowDown are tried again', async () => {
  fault = ({ operation }) =>
    operation === 'PutObject' ? { status: 409, code: 'ConditionalRequestConflict' } : undefined;
  await expect(store.put('f/x', bytes('one'), { ifNoneMatch: '*' })).rejects.toMatchObject({
    code: 'precondition-failed',
  });
  const answers = [
    { status: 500, code: 'InternalError' },
    { status: 503, code: 'SlowDown' },
  ];
  fault = () => answers.pop();
  await store.put('f/x', bytes('two'));
  fault = () => undefined;
  expect((await store.get('f/x'))?.body).toEqual(bytes('two'));
});

test('a failure that is none of these is thrown as it is', async () => {
  fault = () => ({ status: 403, code: 'AccessDenied' });
  await expect(store.get('d/x')).rejects.toMatchObject({ name: 'AccessDenied' });
  fault = () => undefined;
});

test('lists are complete over pages, in order, and go on after a key', async () => {
  const keys = Array.from({ length: 1005 }, (_, i) => `list/${String(i).padStart(4, '0')}`);
  for (let i = 0; i < keys.length; i += 50) {
    await Promise.all(keys.slice(i, i + 50).map((key) => store.put(key, bytes('x'))));
  }
  expect(await collected(store.list('list/'))).toEqual(keys);
  expect(await collected(store.list('list/', 'list/1002'))).toEqual(['list/1003', 'list/1004']);
  expect(await collected(store.list('none/'))).toEqual([]);
});
