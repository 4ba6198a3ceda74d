// Any key that S3 allows goes in and comes out, through the SDK, and never leaves the bucket's folder.

import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import {
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
} from '@aws-sdk/client-s3';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { client, refusal, startEndpoint } from './endpoint.ts';

let endpoint: Awaited<ReturnType<typeof startEndpoint>>;
let s3: ReturnType<typeof client>;
const Bucket = 'data';

beforeAll(async () => {
  endpoint = await startEndpoint();
  s3 = client(endpoint);
});

const odd = fc.constantFrom(
  '/',
  '..',
  '.',
  '//',
  '+',
  ' ',
  '%',
  '%2F',
  '?',
  '#',
  '&',
  '=',
  '\\',
  '\u0000',
  '\r',
  '\ufeff',
  '\u2028',
  '<',
  ']]>',
  '~',
  '*',
  "'",
  '\uffff',
  '🍁',
  'é',
  'CON',
  'x'.repeat(60),
);
const piece = fc.oneof(odd, fc.string({ unit: 'binary', maxLength: 4 }));
const key = fc
  .array(piece, { minLength: 1, maxLength: 12 })
  .map((pieces) => pieces.join(''))
  .filter((text) => text !== '' && text.isWellFormed() && Buffer.byteLength(text) <= 1024);

const fromForm = (text: string) => decodeURIComponent(text.replaceAll('+', ' '));

describe('keys of any kind', () => {
  it('come back from write, read, list and delete', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uniqueArray(key, { minLength: 1, maxLength: 4 }), async (keys) => {
        for (const Key of keys) await s3.send(new PutObjectCommand({ Bucket, Key, Body: Buffer.from(Key) }));
        const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket, EncodingType: 'url' }));
        const inOrder = keys.toSorted((left, right) => Buffer.compare(Buffer.from(left), Buffer.from(right)));
        expect(Contents.map(({ Key }) => fromForm(Key!))).toEqual(inOrder);
        for (const Key of keys) {
          const got = await s3.send(new GetObjectCommand({ Bucket, Key }));
          expect(await got.Body!.transformToString()).toBe(Key);
          const found = await s3.send(
            new ListObjectsV2Command({ Bucket, Prefix: Key, MaxKeys: 1, EncodingType: 'url' }),
          );
          expect(fromForm(found.Contents![0]!.Key!)).toBe(Key);
          await s3.send(new DeleteObjectCommand({ Bucket, Key }));
          expect((await refusal(s3.send(new HeadObjectCommand({ Bucket, Key })))).status).toBe(404);
        }
      }),
      { numRuns: 60 },
    );
  });

  it('come back plain from a list where the SDK can read them', async () => {
    for (const Key of ['a b+c&<d>"e\'', '../../etc/passwd', '/leading', 'trailing/', '🍁/é', '.', 'a\r\nb', '\u0001']) {
      await s3.send(new PutObjectCommand({ Bucket, Key, Body: 'x' }));
      const { Contents } = await s3.send(new ListObjectsV2Command({ Bucket }));
      expect(Contents?.map((entry) => entry.Key)).toEqual([Key]);
      await s3.send(new DeleteObjectCommand({ Bucket, Key }));
    }
  });

  it('stay inside their folder', async () => {
    for (const Key of ['../x', '../../../../../../tmp/x', '/etc/x', 'a/../../x', '..']) {
      await s3.send(new PutObjectCommand({ Bucket, Key, Body: 'x' }));
    }
    const files = readdirSync(endpoint.stateDir, { recursive: true, withFileTypes: true }).filter((entry) =>
      entry.isFile(),
    );
    expect(files).toHaveLength(5);
    for (const file of files) {
      expect(file.name).toMatch(/^[0-9a-f]{64}$/);
      expect(file.parentPath).toBe(join(endpoint.stateDir, 'buckets', Bucket, file.name.slice(0, 2)));
    }
  });

  it('may have 1,024 bytes and no more', async () => {
    const Key = 'é'.repeat(512);
    await s3.send(new PutObjectCommand({ Bucket, Key, Body: 'x' }));
    const longer = s3.send(new PutObjectCommand({ Bucket, Key: `${Key}x`, Body: 'x' }));
    expect(await refusal(longer)).toEqual({ status: 400, code: 'KeyTooLongError' });
  });

  it('and metadata of any name come back', async () => {
    const Metadata = { __proto__x: '1', constructor: '2', 'a.b_c-d': 'with  spaces, and: "quotes"' };
    await s3.send(new PutObjectCommand({ Bucket, Key: 'metadata', Body: 'x', Metadata }));
    expect((await s3.send(new HeadObjectCommand({ Bucket, Key: 'metadata' }))).Metadata).toEqual(Metadata);
    const large = { a: 'x'.repeat(2048) };
    const refused = await refusal(
      s3.send(new PutObjectCommand({ Bucket, Key: 'metadata', Body: 'x', Metadata: large })),
    );
    expect(refused).toEqual({ status: 400, code: 'MetadataTooLarge' });
  });
});
