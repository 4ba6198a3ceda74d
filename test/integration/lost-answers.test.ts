// Between client and store stands a proxy that carries every call out and loses its first answer, so that each is made
// twice. No writer may mistake its own first attempt for somebody else.
import { execFile } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, request as forward, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import * as z from 'zod';
import { enrolDevice } from '#core/access/enrol-device.ts';
import { issueToken } from '#core/access/issue-token.ts';
import { revokeDevice } from '#core/access/revoke-device.ts';
import { tokenVerifier } from '#core/access/verify-token.ts';
import { ingestUpload } from '#core/intake/ingest-upload.ts';
import { incomingKey } from '#core/intake/keys.ts';
import { registerUpload } from '#core/intake/register-upload.ts';
import { clearChallenger, moveChampion, readAliases, setChallenger } from '#core/predictors/aliases.ts';
import { putIfAbsent } from '#core/store/put-if-absent.ts';
import type { Store } from '#core/store/store.ts';
import { readJson, updateJson } from '#core/store/stored-json.ts';
import { endRun } from '#core/training/runs/end-run.ts';
import { takeLock } from '#core/training/runs/run-lock.ts';
import { changeRun } from '#core/training/runs/run-record.ts';
import { beginRun } from '#core/training/runs/start-run.ts';
import { s3Client } from '#functions/shared/aws/s3-client.ts';
import { s3Store } from '#functions/shared/s3-store.ts';
import { type Fault, type S3Endpoint, startS3 } from '#stack/s3/server.ts';
import { profileOf } from '../unit/core/field-service.ts';

const credentials = { accessKeyId: 'LOCALTEST', secretAccessKey: 'for tests only' };
const region = 'eu-central-1';
let folder: string;
let s3: S3Endpoint;
let proxy: Server;
let proxyUrl: string;
let lost = 0;
/** What the store answers to a put beside its own word; `second`: to the second attempt. */
let secondPut: Fault | undefined;
let attempts = new Map<string, number>();
let store: Store;
let uploads: Store;
let direct: Store;

const storeAt = (endpoint: string, bucket = 'data'): Store =>
  s3Store({ bucket, client: s3Client({ endpoint, region, credentials }) });

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sugarbush-lost-'));
  s3 = await startS3({
    stateDir: folder,
    credentials,
    region,
    buckets: ['data', 'uploads'],
    faults: ({ operation, key }) => {
      if (operation !== 'PutObject' || secondPut === undefined) return undefined;
      const before = attempts.get(key!) ?? 0;
      attempts.set(key!, before + 1);
      return before === 1 ? secondPut : undefined;
    },
  });
  proxy = createServer((incoming, outgoing) => {
    const first = String(incoming.headers['amz-sdk-request']).startsWith('attempt=1');
    const { method, url, headers } = incoming;
    const onward = forward({ host: '127.0.0.1', port: s3.port, method, path: url, headers }, (answer) => {
      if (!first) {
        outgoing.writeHead(answer.statusCode!, answer.headers);
        answer.pipe(outgoing);
        return;
      }
      lost++;
      answer.resume();
      answer.on('end', () => incoming.socket.destroy());
    });
    onward.on('error', () => incoming.socket.destroy());
    incoming.pipe(onward);
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  proxyUrl = `http://127.0.0.1:${(proxy.address() as { port: number }).port}`;
  direct = storeAt(s3.url);
});
afterAll(async () => {
  proxy.closeAllConnections();
  await new Promise((resolve) => proxy.close(resolve));
  await s3.close();
  await rm(folder, { recursive: true });
});
beforeEach(() => {
  store = storeAt(proxyUrl);
  uploads = storeAt(proxyUrl, 'uploads');
  lost = 0;
  secondPut = undefined;
  attempts = new Map();
});

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const verifier = () => tokenVerifier({ store: direct, now: () => 0, elapsedMs: () => 0, cacheS: 0 });

describe('the store port', () => {
  test('a write where nothing was, and one over what was read, succeed once', async () => {
    const { etag } = await store.put('a/x', bytes('one'), { ifNoneMatch: '*' });
    expect(etag).toBe((await direct.get('a/x'))!.etag);
    const again = await store.put('a/x', bytes('two'), { ifMatch: etag });
    expect(again.etag).toBe((await direct.get('a/x'))!.etag);
    expect((await direct.get('a/x'))!.body).toEqual(bytes('two'));
    expect(lost).toBeGreaterThanOrEqual(2);
    expect(await putIfAbsent(store, 'a/y', bytes('one'))).toBe(true);
    expect(await putIfAbsent(store, 'a/y', bytes('one'))).toBe(false);
  });

  test("somebody else's object is somebody else's, even with the same bytes", async () => {
    const failed = { code: 'precondition-failed' };
    const { etag } = await direct.put('b/x', bytes('one'));
    await expect(store.put('b/x', bytes('one'), { ifNoneMatch: '*' })).rejects.toMatchObject(failed);
    await direct.put('b/x', bytes('two'), { ifMatch: etag });
    await expect(store.put('b/x', bytes('two'), { ifMatch: etag })).rejects.toMatchObject(failed);
    await expect(store.put('b/missing', bytes('two'), { ifMatch: etag })).rejects.toMatchObject(failed);
  });

  test("409 after a lost answer is looked into: the attempt under way may be one's own", async () => {
    secondPut = { status: 409, code: 'ConditionalRequestConflict' };
    const { etag } = await store.put('c/x', bytes('one'), { ifNoneMatch: '*' });
    expect(etag).toBe((await direct.get('c/x'))!.etag);
  });

  // Whoever's write was written over before it could look finds another's id and writes again, as ours all may.
  test('of five writers that race, each with something of its own to add, nothing is lost', async () => {
    const schema = z.array(z.string());
    const add = (name: string) =>
      updateJson(
        storeAt(proxyUrl),
        'd/names.json',
        schema,
        (now = []) => (now.includes(name) ? undefined : [...now, name]),
        { attempts: 100 },
      );
    await Promise.all(['a', 'b', 'c', 'd', 'e'].map(add));
    expect((await readJson(direct, 'd/names.json', schema))?.value.toSorted()).toEqual(['a', 'b', 'c', 'd', 'e']);
  });
});

describe('the writers', () => {
  test('a token that is issued works', async () => {
    const { token } = await issueToken(store, { role: 'reader', validForS: 60, now: 0, randomBytes });
    expect(await verifier()(token)).toMatchObject({ role: 'reader' });
  });

  test('issue-token prints a token that works', { timeout: 60_000 }, async () => {
    const main = new URL('../../cli/main.ts', import.meta.url).pathname;
    const { stdout } = await promisify(execFile)(
      process.execPath,
      [main, 'issue-token', '--bucket', 'data', '--role', 'operator'],
      {
        env: {
          ...process.env,
          AWS_ENDPOINT_URL_S3: proxyUrl,
          AWS_REGION: region,
          AWS_ACCESS_KEY_ID: credentials.accessKeyId,
          AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
        },
      },
    );
    expect(lost).toBeGreaterThan(0);
    expect(await verifier()(stdout.trim())).toMatchObject({ role: 'operator' });
  });

  test('an enrolled device has a token that works; enrolled again, the new one does and the old one ends', async () => {
    const request = { name: 'Pi', validForS: 60, callerTokenId: 'o', idempotencyKey: 'k', now: 0, randomBytes };
    const first = await enrolDevice(store, request);
    expect(await verifier()(first.token)).toMatchObject({ deviceId: first.device.deviceId });
    const second = await enrolDevice(store, request);
    expect(await verifier()(second.token)).toMatchObject({ deviceId: first.device.deviceId });
    await expect(verifier()(first.token)).rejects.toMatchObject({ message: /revoked/ });
    await revokeDevice(store, first.device.deviceId, 0);
    await expect(verifier()(second.token)).rejects.toMatchObject({ message: /revoked/ });
  });

  test('an upload is registered, and ingested by whoever ingested it', async () => {
    const { device } = await enrolDevice(store, { name: 'Pi', validForS: 60, callerTokenId: 'o', now: 0, randomBytes });
    const body = gzipSync(JSON.stringify(profileOf((index) => 1 + index / 100)));
    const sha256 = createHash('sha256').update(body).digest('hex');
    const { upload } = await registerUpload(
      { store, openPlace: async ({ key }) => key, randomBytes, dailyQuota: 10, validForS: 900 },
      { deviceId: device.deviceId, sizeBytes: body.length, sha256, now: 0 },
    );
    const key = incomingKey(device.deviceId, upload.uploadId);
    await uploads.put(key, body, { ifNoneMatch: '*' });
    const dependencies = { data: store, uploads, predictors: async () => [], now: () => 0 };
    const result = await ingestUpload(dependencies, { key, sizeBytes: body.length });
    expect(result).toMatchObject({ outcome: 'accepted', upload: { accepted: { measurements: 20 } } });
  });

  test('a run takes its lock, is recorded, changed and ended, and the champion moves', async () => {
    const request = { runId: 'run-1', requestedBy: 'operator', now: 0 } as const;
    expect(await beginRun(store, request)).toMatchObject({ status: 'running' });
    await expect(takeLock(store, 'run-2', 0)).rejects.toMatchObject({ code: 'conflict' });
    expect(await changeRun(store, 'run-1', 0, () => ({ version: 'v1' }))).toMatchObject({ version: 'v1' });
    await moveChampion(store, 'v0');
    await setChallenger(store, 'v1');
    expect((await readAliases(direct))?.value).toEqual({ champion: 'v0', challenger: 'v1' });
    await clearChallenger(store, 'v1');
    await moveChampion(store, 'v1');
    expect((await readAliases(direct))?.value).toEqual({ champion: 'v1' });
    expect(await endRun(store, 'run-1', { status: 'promoted' }, 0)).toMatchObject({ status: 'promoted' });
  });
});
