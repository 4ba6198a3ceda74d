// Every operation through the real SDK client, as the functions use it.

import { createHash, randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import {
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
} from '@aws-sdk/client-s3';
import { beforeAll, describe, expect, it } from 'vitest';
import type { S3Endpoint } from '#stack/s3/server.ts';
import { client, refusal, startEndpoint } from './endpoint.ts';

let endpoint: S3Endpoint;
let s3: ReturnType<typeof client>;
const Bucket = 'data';

beforeAll(async () => {
  endpoint = await startEndpoint();
  s3 = client(endpoint);
});

const md5 = (body: string | Uint8Array) => createHash('md5').update(body).digest('hex');
const put = (Key: string, Body: string | Uint8Array = Key) => s3.send(new PutObjectCommand({ Bucket, Key, Body }));
const read = async (Key: string, more: object = {}) => {
  const found = await s3.send(new GetObjectCommand({ Bucket, Key, ...more }));
  return { ...found, text: await found.Body!.transformToString() };
};

describe('objects', () => {
  it('gives back body, type, encoding, metadata and ETag', async () => {
    const written = await s3.send(
      new PutObjectCommand({
        Bucket,
        Key: 'a/b.json.gz',
        Body: 'hello',
        ContentType: 'application/json',
        ContentEncoding: 'gzip',
        CacheControl: 'no-cache',
        ContentDisposition: 'attachment',
        Metadata: { 'upload-id': 'u-1', constructor: 'x' },
      }),
    );
    // MD5 of "hello" and its CRC-32 (0x3610a686), computed elsewhere.
    expect(written.ETag).toBe('"5d41402abc4b2a76b9719d911017c592"');
    expect(written.ChecksumCRC32).toBe('NhCmhg==');
    const got = await read('a/b.json.gz');
    expect(got.text).toBe('hello');
    expect(got).toMatchObject({
      ETag: written.ETag,
      ContentLength: 5,
      ContentType: 'application/json',
      ContentEncoding: 'gzip',
      CacheControl: 'no-cache',
      ContentDisposition: 'attachment',
      Metadata: { 'upload-id': 'u-1', constructor: 'x' },
    });
    const head = await s3.send(new HeadObjectCommand({ Bucket, Key: 'a/b.json.gz', ChecksumMode: 'ENABLED' }));
    expect(head).toMatchObject({
      ContentLength: 5,
      ETag: written.ETag,
      ChecksumCRC32: 'NhCmhg==',
      ChecksumType: 'FULL_OBJECT',
    });
    expect(Math.abs(head.LastModified!.getTime() - Date.now())).toBeLessThan(60_000);
  });

  it('keeps empty objects', async () => {
    await put('empty', '');
    expect((await read('empty')).text).toBe('');
    expect((await s3.send(new HeadObjectCommand({ Bucket, Key: 'empty' }))).ContentLength).toBe(0);
  });

  it('overwrites, and deletes once and again', async () => {
    await put('over', 'one');
    await put('over', 'two');
    expect((await read('over')).text).toBe('two');
    await s3.send(new DeleteObjectCommand({ Bucket, Key: 'over' }));
    await s3.send(new DeleteObjectCommand({ Bucket, Key: 'over' }));
    expect(await refusal(read('over'))).toEqual({ status: 404, code: 'NoSuchKey' });
    expect(await refusal(s3.send(new HeadObjectCommand({ Bucket, Key: 'over' })))).toEqual({
      status: 404,
      code: 'NotFound',
    });
  });

  it('stores streamed uploads byte for byte, whatever the checksum algorithm', async () => {
    const body = randomBytes(3_000_000);
    for (const ChecksumAlgorithm of ['CRC32', 'SHA256'] as const) {
      const pieces = Array.from({ length: 30 }, (_, index) => body.subarray(index * 100_000, (index + 1) * 100_000));
      const Key = `stream/${ChecksumAlgorithm}`;
      const options = {
        Bucket,
        Key,
        Body: Readable.from(pieces),
        ContentLength: body.length,
        ChecksumAlgorithm,
        ContentEncoding: 'br',
      };
      const written = await s3.send(new PutObjectCommand(options));
      expect(written.ETag).toBe(`"${md5(body)}"`);
      const got = await s3.send(new GetObjectCommand({ Bucket, Key }));
      expect(got.ContentEncoding).toBe('br');
      expect(Buffer.from(await got.Body!.transformToByteArray()).equals(body)).toBe(true);
    }
  });

  it('also takes whole bodies with each checksum algorithm', async () => {
    for (const ChecksumAlgorithm of ['CRC32', 'SHA256'] as const) {
      const Key = `whole/${ChecksumAlgorithm}`;
      await s3.send(new PutObjectCommand({ Bucket, Key, Body: 'whole', ChecksumAlgorithm }));
      expect((await read(Key)).text).toBe('whole');
    }
  });

  it('refuses a wrong checksum or Content-MD5 and keeps nothing', async () => {
    const wrong = Buffer.alloc(32, 1).toString('base64');
    const bad = { Bucket, Key: 'bad', Body: 'body' };
    expect(await refusal(s3.send(new PutObjectCommand({ ...bad, ChecksumSHA256: wrong })))).toEqual({
      status: 400,
      code: 'BadDigest',
    });
    const ContentMD5 = Buffer.alloc(16, 1).toString('base64');
    expect(await refusal(s3.send(new PutObjectCommand({ ...bad, ContentMD5 })))).toEqual({
      status: 400,
      code: 'BadDigest',
    });
    expect(await refusal(s3.send(new PutObjectCommand({ ...bad, ContentMD5: 'xx' })))).toEqual({
      status: 400,
      code: 'InvalidDigest',
    });
    expect(await refusal(read('bad'))).toEqual({ status: 404, code: 'NoSuchKey' });
  });

  it('answers 404 for a bucket that is not there', async () => {
    expect(await refusal(s3.send(new GetObjectCommand({ Bucket: 'nothere', Key: 'a' })))).toEqual({
      status: 404,
      code: 'NoSuchBucket',
    });
    expect(await refusal(s3.send(new PutObjectCommand({ Bucket: 'nothere', Key: 'a', Body: 'a' })))).toEqual({
      status: 404,
      code: 'NoSuchBucket',
    });
  });
});

describe('conditional reads', () => {
  it('answers 304 and 412 by ETag', async () => {
    const { ETag } = await put('conditional', 'x');
    expect((await refusal(read('conditional', { IfNoneMatch: ETag }))).status).toBe(304);
    expect(await refusal(read('conditional', { IfMatch: '"0"' }))).toEqual({ status: 412, code: 'PreconditionFailed' });
    expect((await read('conditional', { IfMatch: ETag })).text).toBe('x');
    expect((await read('conditional', { IfNoneMatch: '"0"' })).text).toBe('x');
  });
});

describe('conditional writes', () => {
  const conditional = (Key: string, Body: string, condition: object) =>
    s3.send(new PutObjectCommand({ Bucket, Key, Body, ...condition }));

  it('creates only where nothing is', async () => {
    await conditional('once', 'first', { IfNoneMatch: '*' });
    expect(await refusal(conditional('once', 'second', { IfNoneMatch: '*' }))).toEqual({
      status: 412,
      code: 'PreconditionFailed',
    });
    expect((await read('once')).text).toBe('first');
  });

  it('replaces only the version named', async () => {
    const { ETag } = await put('swap', 'v1');
    const next = await conditional('swap', 'v2', { IfMatch: ETag });
    expect(await refusal(conditional('swap', 'v3', { IfMatch: ETag }))).toEqual({
      status: 412,
      code: 'PreconditionFailed',
    });
    expect(await refusal(conditional('swap-missing', 'v3', { IfMatch: ETag }))).toEqual({
      status: 404,
      code: 'NoSuchKey',
    });
    expect((await read('swap')).ETag).toBe(next.ETag);
    expect(await refusal(s3.send(new DeleteObjectCommand({ Bucket, Key: 'swap', IfMatch: ETag })))).toEqual({
      status: 412,
      code: 'PreconditionFailed',
    });
    await s3.send(new DeleteObjectCommand({ Bucket, Key: 'swap', IfMatch: next.ETag }));
  });

  it('lets exactly one of fifty racing writers win each version', async () => {
    let { ETag } = await put('race', 'version 0');
    for (let version = 1; version <= 10; version++) {
      const attempts = Array.from({ length: 50 }, (_, writer) =>
        conditional('race', `${version} by ${writer}`, { IfMatch: ETag }),
      );
      const outcomes = await Promise.allSettled(attempts);
      const won = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value.ETag] : []));
      const lost = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason.name] : []));
      expect(won).toHaveLength(1);
      expect(new Set([...lost, 'PreconditionFailed', 'ConditionalRequestConflict']).size).toBe(2);
      ETag = won[0];
      const now = await read('race');
      expect(now.ETag).toBe(ETag);
      expect(now.text.startsWith(`${version} by `)).toBe(true);
    }
  });
});

describe('lists', () => {
  it('pages by prefix and delimiter', async () => {
    for (const Key of ['l/a', 'l/b/1', 'l/b/2', 'l/c', 'l/d/1', 'l/e']) await put(Key);
    const pages: (string | undefined)[][] = [];
    let ContinuationToken: string | undefined;
    do {
      const page = await s3.send(
        new ListObjectsV2Command({ Bucket, Prefix: 'l/', Delimiter: '/', MaxKeys: 2, ContinuationToken }),
      );
      expect(page.KeyCount).toBe((page.Contents?.length ?? 0) + (page.CommonPrefixes?.length ?? 0));
      pages.push([
        ...(page.Contents ?? []).map(({ Key }) => Key),
        ...(page.CommonPrefixes ?? []).map(({ Prefix }) => Prefix),
      ]);
      ContinuationToken = page.NextContinuationToken;
      expect(page.IsTruncated).toBe(ContinuationToken !== undefined);
    } while (ContinuationToken !== undefined);
    expect(pages).toEqual([['l/a', 'l/b/'], ['l/c', 'l/d/'], ['l/e']]);
    const after = await s3.send(new ListObjectsV2Command({ Bucket, Prefix: 'l/', StartAfter: 'l/b/1' }));
    expect(after.Contents?.map(({ Key }) => Key)).toEqual(['l/b/2', 'l/c', 'l/d/1', 'l/e']);
    expect(after.Contents?.[0]).toMatchObject({ ETag: `"${md5('l/b/2')}"`, Size: 5, StorageClass: 'STANDARD' });
    await put('from + ü');
    const encoded = await s3.send(new ListObjectsV2Command({ Bucket, Prefix: 'from ', EncodingType: 'url' }));
    expect(encoded).toMatchObject({ Prefix: 'from+', Contents: [{ Key: 'from+%2B+%C3%BC' }] });
    const bad = s3.send(new ListObjectsV2Command({ Bucket, ContinuationToken: 'made up' }));
    expect(await refusal(bad)).toEqual({ status: 400, code: 'InvalidArgument' });
  });
});
