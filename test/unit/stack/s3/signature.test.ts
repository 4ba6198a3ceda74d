// Against the worked examples that AWS publishes (Amazon S3 API Reference, "Signature calculations", the bucket
// examplebucket on 24 May 2013), and against the SDK's own signer on random requests.

import { createHash } from 'node:crypto';
import { SignatureV4 } from '@smithy/signature-v4';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { S3Request } from '#stack/s3/request.ts';
import {
  canonicalRequest,
  deriveSigningKey,
  emptySha256,
  type SigningContext,
  sameSignature,
  sign,
  signChunk,
} from '#stack/s3/signature.ts';
import { NodeSha256 } from '../../../integration/stack/s3/node-sha256.ts';

const secret = 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY';
const context: SigningContext = {
  longDate: '20130524T000000Z',
  scope: '20130524/us-east-1/s3/aws4_request',
  signingKey: deriveSigningKey(secret, '20130524', 'us-east-1', 's3'),
};
const always = { host: 'examplebucket.s3.amazonaws.com', 'x-amz-date': '20130524T000000Z' };

function request(
  method: string,
  path: string,
  headers: Record<string, string>,
  query: Record<string, string> = {},
): S3Request {
  const [, bucket, ...key] = path.split('/');
  return {
    method,
    path,
    bucket,
    key: key.join('/') || undefined,
    headers: new Map(Object.entries(headers)),
    query: new Map(Object.entries(query)),
  };
}

function signed(example: S3Request, payloadHash: string): string {
  return sign(context, canonicalRequest(example, [...example.headers.keys()].sort(), payloadHash));
}

describe('the examples that AWS publishes', () => {
  it('signs a GET with a range', () => {
    const example = request('GET', '/test.txt', { ...always, range: 'bytes=0-9', 'x-amz-content-sha256': emptySha256 });
    expect(signed(example, emptySha256)).toBe('f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41');
  });

  it('signs a PUT whose key needs escapes', () => {
    const hash = createHash('sha256').update('Welcome to Amazon S3.').digest('hex');
    const headers = {
      ...always,
      date: 'Fri, 24 May 2013 00:00:00 GMT',
      'x-amz-content-sha256': hash,
      'x-amz-storage-class': 'REDUCED_REDUNDANCY',
    };
    const example = request('PUT', '/test$file.text', headers);
    expect(signed(example, hash)).toBe('98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd');
  });

  it('signs parameters, with and without a value', () => {
    const headers = { ...always, 'x-amz-content-sha256': emptySha256 };
    expect(signed(request('GET', '/', headers, { lifecycle: '' }), emptySha256)).toBe(
      'fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543',
    );
    expect(signed(request('GET', '/', headers, { prefix: 'J', 'max-keys': '2' }), emptySha256)).toBe(
      '34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7',
    );
  });

  it('signs a presigned URL', () => {
    const query = {
      'X-Amz-Algorithm': 'AWS4-HMAC-SHA256',
      'X-Amz-Credential': 'AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request',
      'X-Amz-Date': '20130524T000000Z',
      'X-Amz-Expires': '86400',
      'X-Amz-SignedHeaders': 'host',
    };
    const example = request('GET', '/test.txt', { host: always.host }, query);
    expect(signed(example, 'UNSIGNED-PAYLOAD')).toBe(
      'aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404',
    );
  });

  it('chains the signatures of chunks', () => {
    const payload = 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD';
    const example = request('PUT', '/examplebucket/chunkObject.txt', {
      host: 's3.amazonaws.com',
      'x-amz-date': '20130524T000000Z',
      'content-encoding': 'aws-chunked',
      'content-length': '66824',
      'x-amz-content-sha256': payload,
      'x-amz-decoded-content-length': '66560',
      'x-amz-storage-class': 'REDUCED_REDUNDANCY',
    });
    const seed = signed(example, payload);
    expect(seed).toBe('4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9');
    const chunk = (previous: string, bytes: number) =>
      signChunk(context, previous, createHash('sha256').update('a'.repeat(bytes)).digest('hex'));
    const first = chunk(seed, 65_536);
    expect(first).toBe('ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648');
    const second = chunk(first, 1024);
    expect(second).toBe('0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497');
    expect(chunk(second, 0)).toBe('b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9');
  });
});

describe("the SDK's own signer", () => {
  const signer = new SignatureV4({
    service: 's3',
    region: 'us-east-1',
    credentials: { accessKeyId: 'AKID', secretAccessKey: secret },
    sha256: NodeSha256,
    uriEscapePath: false,
    applyChecksum: true,
  });

  it('agrees on any path, parameters and headers', async () => {
    const text = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 12 });
    const key = text.filter((value) => value.isWellFormed());
    const value = fc.stringMatching(/^[ -~]{0,20}$/);
    // The SDK's signer keeps parameters in a plain object, which loses one of the name `__proto__`.
    const entries = fc.dictionary(
      key.filter((name) => !/^(x-amz-|__proto__$)/i.test(name)),
      key,
      { maxKeys: 4 },
    );
    await fc.assert(
      fc.asyncProperty(key, entries, value, async (path, query, header) => {
        const escaped = encodeURIComponent(path).replace(
          /[!'()*]/g,
          (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
        );
        const sent = {
          method: 'PUT',
          protocol: 'http:',
          hostname: '127.0.0.1',
          path: `/bucket/${escaped.replaceAll('%2F', '/')}`,
          query,
          headers: { host: '127.0.0.1:9', 'x-amz-meta-text': header, 'x-amz-content-sha256': emptySha256 },
        };
        const ours = (await signer.sign(sent, { signingDate: new Date('2013-05-24T00:00:00Z') })) as typeof sent;
        const headers = ours.headers as Record<string, string>;
        const { authorization, ...rest } = headers;
        const received = request('PUT', `/bucket/${path}`, { ...rest, 'x-amz-meta-text': header.trim() }, query);
        expect(authorization).toContain(`Signature=${signed(received, emptySha256)}`);
      }),
      { numRuns: 300 },
    );
  });
});

describe('comparing signatures', () => {
  it('takes the same signature and nothing else', () => {
    expect(sameSignature(emptySha256, emptySha256)).toBe(true);
    for (const other of ['', 'zz', emptySha256.toUpperCase(), `${emptySha256}00`, `${emptySha256.slice(0, -1)}4`]) {
      expect(sameSignature(other, emptySha256)).toBe(false);
    }
  });
});
