// Presigned uploads as the service makes them, and everything that a device (or whoever found the URL) might do wrong.

import { createHash } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import {
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  PutObjectCommand,
  type S3ClientConfig,
} from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { client, credentials, region, startEndpoint } from './endpoint.ts';
import { send } from './raw-http.ts';

const body = Buffer.from('{"profile": 1}');
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('base64');
const Key = 'incoming/device-1/upload-1.json.gz';
const headers = {
  'content-length': String(body.length),
  'content-type': 'application/gzip',
  'if-none-match': '*',
  'x-amz-checksum-sha256': sha256(body),
};

let nowMs = Date.now();
let endpoint: Awaited<ReturnType<typeof startEndpoint>>;
let s3: ReturnType<typeof client>;

beforeAll(async () => {
  endpoint = await startEndpoint({ clock: () => nowMs });
  s3 = client(endpoint);
});

afterEach(async () => {
  nowMs = Date.now();
  await s3.send(new DeleteObjectCommand({ Bucket: 'uploads', Key }));
  expect(readdirSync(join(endpoint.stateDir, 'incoming'))).toEqual([]);
});

function presign(config: S3ClientConfig = {}, expiresIn = 300): Promise<string> {
  const presigner = client(endpoint, { requestChecksumCalculation: 'WHEN_REQUIRED', ...config });
  const command = new PutObjectCommand({
    Bucket: 'uploads',
    Key,
    ContentLength: body.length,
    ContentType: 'application/gzip',
    ChecksumSHA256: sha256(body),
    IfNoneMatch: '*',
  });
  return getSignedUrl(presigner, command, {
    expiresIn,
    signableHeaders: new Set(Object.keys(headers)),
    unhoistableHeaders: new Set(['if-none-match', 'x-amz-checksum-sha256']),
  });
}

const put = (url: string, change: Record<string, string | undefined> = {}, bytes: Uint8Array = body) => {
  const sent = Object.fromEntries(Object.entries({ ...headers, ...change }).filter(([, value]) => value !== undefined));
  return send(url, { method: 'PUT', headers: sent as Record<string, string>, body: bytes });
};
const exists = () =>
  s3.send(new HeadObjectCommand({ Bucket: 'uploads', Key })).then(
    () => true,
    () => false,
  );

describe('a presigned PUT', () => {
  it('signs exactly what an upload is held to', async () => {
    const url = await presign();
    expect(new URL(url).searchParams.get('X-Amz-SignedHeaders')).toBe(
      'content-length;content-type;host;if-none-match;x-amz-checksum-sha256',
    );
    expect(url).not.toContain('crc32');
  });

  it('stores what was announced, once', async () => {
    const url = await presign();
    expect(await put(url)).toMatchObject({ status: 200, headers: { 'x-amz-checksum-sha256': sha256(body) } });
    const got = await s3.send(new GetObjectCommand({ Bucket: 'uploads', Key }));
    expect(got.ContentType).toBe('application/gzip');
    expect(await got.Body!.transformToString()).toBe(body.toString());
    expect(await put(url)).toMatchObject({ status: 412, code: 'PreconditionFailed' });
  });

  it.each<[string, Record<string, string | undefined>, Uint8Array, number, string]>([
    ['another body of the same length', {}, Buffer.from('{"profile": 2}'), 400, 'BadDigest'],
    [
      'a body with its own checksum',
      { 'x-amz-checksum-sha256': sha256(Buffer.from('{"profile": 2}')) },
      Buffer.from('{"profile": 2}'),
      403,
      'SignatureDoesNotMatch',
    ],
    ['another length', { 'content-length': '15' }, Buffer.from('{"profile": 10}'), 403, 'SignatureDoesNotMatch'],
    ['no length', { 'content-length': undefined, 'transfer-encoding': 'chunked' }, body, 403, 'SignatureDoesNotMatch'],
    ['another type', { 'content-type': 'text/html' }, body, 403, 'SignatureDoesNotMatch'],
    ['no type', { 'content-type': undefined }, body, 403, 'SignatureDoesNotMatch'],
    ['no condition', { 'if-none-match': undefined }, body, 403, 'SignatureDoesNotMatch'],
    ['another condition', { 'if-none-match': '"x"' }, body, 403, 'SignatureDoesNotMatch'],
    ['no checksum', { 'x-amz-checksum-sha256': undefined }, body, 403, 'SignatureDoesNotMatch'],
    ['metadata of its own', { 'x-amz-meta-a': 'b' }, body, 403, 'AccessDenied'],
    ['a second checksum', { 'x-amz-checksum-crc32': 'AAAAAA==' }, body, 403, 'AccessDenied'],
    ['another host', { host: 'example.com' }, body, 403, 'SignatureDoesNotMatch'],
    ['an access list', { 'x-amz-acl': 'public-read' }, body, 403, 'AccessDenied'],
    ['a second signature', { authorization: 'AWS4-HMAC-SHA256 x' }, body, 400, 'InvalidArgument'],
  ])('refuses %s', async (_, change, bytes, status, code) => {
    expect(await put(await presign(), change, bytes)).toMatchObject({ status, code });
    expect(await exists()).toBe(false);
  });

  it.each<[string, (url: string) => string, string]>([
    ['another key', (url) => url.replace('upload-1', 'upload-2'), 'SignatureDoesNotMatch'],
    ['another bucket', (url) => url.replace('/uploads/', '/data/'), 'SignatureDoesNotMatch'],
    ['a longer life', (url) => url.replace('X-Amz-Expires=300', 'X-Amz-Expires=600'), 'SignatureDoesNotMatch'],
    ['fewer signed headers', (url) => url.replace('if-none-match%3B', ''), 'SignatureDoesNotMatch'],
    ['a parameter more', (url) => `${url}&x=1`, 'SignatureDoesNotMatch'],
    [
      'an empty signature',
      (url) => url.replace(/X-Amz-Signature=[0-9a-f]+/, 'X-Amz-Signature='),
      'AuthorizationQueryParametersError',
    ],
    [
      'a flipped signature',
      (url) => url.replace(/X-Amz-Signature=(.)/, (_, digit: string) => `X-Amz-Signature=${digit === '0' ? 1 : 0}`),
      'SignatureDoesNotMatch',
    ],
    ['no signature', (url) => url.replace(/&X-Amz-Signature=[0-9a-f]+/, ''), 'AuthorizationQueryParametersError'],
    ['no algorithm', (url) => url.replace(/X-Amz-Algorithm=[^&]+&/, ''), 'AuthorizationQueryParametersError'],
    ['no expiry', (url) => url.replace(/&X-Amz-Expires=\d+/, ''), 'AuthorizationQueryParametersError'],
    [
      'an endless life',
      (url) => url.replace('X-Amz-Expires=300', 'X-Amz-Expires=604801'),
      'AuthorizationQueryParametersError',
    ],
    [
      'a life of nothing',
      (url) => url.replace('X-Amz-Expires=300', 'X-Amz-Expires=0'),
      'AuthorizationQueryParametersError',
    ],
    ['host unsigned', (url) => url.replace('host%3B', ''), 'AccessDenied'],
    ['another region', (url) => url.replace('%2Fus-east-1%2F', '%2Feu-west-1%2F'), 'AuthorizationQueryParametersError'],
    ['another service', (url) => url.replace('%2Fs3%2F', '%2Fec2%2F'), 'AuthorizationQueryParametersError'],
    [
      'another day',
      (url) => url.replace(/X-Amz-Date=\d{8}/, 'X-Amz-Date=20200101'),
      'AuthorizationQueryParametersError',
    ],
    ['another access key', (url) => url.replace(credentials.accessKeyId, 'AKIDOTHER'), 'InvalidAccessKeyId'],
    ['a parameter twice', (url) => `${url}&X-Amz-Expires=300`, 'InvalidRequest'],
    ['a session token', (url) => `${url}&X-Amz-Security-Token=x`, 'InvalidToken'],
    ['nothing but the address', (url) => url.slice(0, url.indexOf('?')), 'AccessDenied'],
  ])('refuses %s', async (_, change, code) => {
    const changed = change(await presign());
    const answer = await put(changed);
    expect(answer.code).toBe(code);
    expect([400, 403]).toContain(answer.status);
    expect(await exists()).toBe(false);
  });

  it('cannot be used to read, to look or to delete', async () => {
    const url = await presign();
    for (const method of ['GET', 'DELETE', 'POST']) {
      expect(await send(url, { method, headers: { ...headers, 'content-length': '14' }, body })).toMatchObject({
        status: 403,
      });
    }
    expect((await send(url, { method: 'HEAD', headers: { ...headers, 'content-length': '0' } })).status).toBe(403);
  });

  it('ends when its time is over and not before', async () => {
    const url = await presign();
    const signedAtMs = Math.floor(Date.now() / 1000) * 1000;
    nowMs = signedAtMs + 302_000;
    const late = await put(url);
    expect(late).toMatchObject({ status: 403, code: 'AccessDenied' });
    expect(late.body).toContain('<Message>Request has expired</Message>');
    nowMs = signedAtMs + 299_000;
    expect((await put(url)).status).toBe(200);
  });

  it('is not taken from a clock that runs far ahead', async () => {
    const url = await presign();
    nowMs = Date.now() - 16 * 60_000;
    expect(await put(url)).toMatchObject({ status: 403, code: 'AccessDenied' });
  });

  it('is refused when made with other keys', async () => {
    const other = { accessKeyId: credentials.accessKeyId, secretAccessKey: 'not the secret' };
    expect(await put(await presign({ credentials: other }))).toMatchObject({
      status: 403,
      code: 'SignatureDoesNotMatch',
    });
  });

  it('is refused where the checksum stands in the URL, because S3 would not verify it there', async () => {
    for (const ChecksumSHA256 of [undefined, sha256(body)]) {
      const command = new PutObjectCommand({ Bucket: 'uploads', Key, ChecksumSHA256 });
      const url = await getSignedUrl(client(endpoint), command, { expiresIn: 300 });
      expect(url).toMatch(/x-amz-checksum-(crc32|sha256)=/);
      const answer = await send(url, { method: 'PUT', headers: { 'content-length': '14' }, body });
      expect(answer).toMatchObject({ status: 501, code: 'NotImplemented' });
      expect(answer.body).toContain('in the query, which S3 does not verify');
    }
  });
});

describe('a presigned GET', () => {
  it('reads, and only that', async () => {
    await s3.send(new PutObjectCommand({ Bucket: 'uploads', Key, Body: body }));
    const command = new GetObjectCommand({ Bucket: 'uploads', Key });
    const url = await getSignedUrl(s3, command, { expiresIn: 60 });
    expect(await send(url, {})).toMatchObject({
      status: 200,
      body: body.toString(),
    });
    expect((await send(url, { method: 'PUT', headers: { 'content-length': '0' } })).status).toBe(403);
  });
});

describe('a signed header', () => {
  it.each([
    ['a wrong secret', { credentials: { ...credentials, secretAccessKey: 'x' } }, 'SignatureDoesNotMatch'],
    ['an unknown key', { credentials: { ...credentials, accessKeyId: 'AKIDOTHER' } }, 'InvalidAccessKeyId'],
    ['a token that was never given', { credentials: { ...credentials, sessionToken: 'x' } }, 'InvalidToken'],
    ['a wrong region', { region: 'eu-west-1' }, 'AuthorizationHeaderMalformed'],
  ])('refuses %s', async (_, config: S3ClientConfig, code) => {
    await expect(
      client(endpoint, { ...config }).send(new GetObjectCommand({ Bucket: 'data', Key: 'a' })),
    ).rejects.toMatchObject({ name: code });
  });

  it('is refused a quarter of an hour too late or too early', async () => {
    const get = () => client(endpoint, { region }).send(new GetObjectCommand({ Bucket: 'data', Key: 'a' }));
    for (const offMs of [16 * 60_000, -16 * 60_000]) {
      nowMs = Date.now() + offMs;
      await expect(get()).rejects.toMatchObject({ name: 'RequestTimeTooSkewed', $metadata: { httpStatusCode: 403 } });
    }
    nowMs = Date.now() + 14 * 60_000;
    await expect(get()).rejects.toMatchObject({ name: 'NoSuchKey' });
    nowMs = Date.now();
  });
});
