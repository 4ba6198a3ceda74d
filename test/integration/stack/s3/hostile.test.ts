// A hostile client with raw sockets: nothing it sends may crash, hang, fill or fool the endpoint.

import { readdirSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { GetObjectCommand, ListObjectsV2Command, PutObjectCommand } from '@aws-sdk/client-s3';
import fc from 'fast-check';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { client, startEndpoint } from './endpoint.ts';
import { converse, send } from './raw-http.ts';
import { signHead } from './sign-head.ts';

const Bucket = 'data';
const idleTimeoutMs = 300;
const maxObjectBytes = 1_000_000;
let endpoint: Awaited<ReturnType<typeof startEndpoint>>;
let s3: ReturnType<typeof client>;

beforeAll(async () => {
  endpoint = await startEndpoint({ idleTimeoutMs, maxObjectBytes });
  s3 = client(endpoint);
  await s3.send(new PutObjectCommand({ Bucket, Key: 'kept', Body: 'kept' }));
});

// Whatever was sent: the endpoint still serves, holds one object, and has no half-written file.
afterEach(async () => {
  const got = await s3.send(new GetObjectCommand({ Bucket, Key: 'kept' }));
  expect(await got.Body!.transformToString()).toBe('kept');
  expect((await s3.send(new ListObjectsV2Command({ Bucket }))).Contents?.map(({ Key }) => Key)).toEqual(['kept']);
  await expect.poll(() => readdirSync(join(endpoint.stateDir, 'incoming'))).toEqual([]);
});

/** The head of a rightly signed request, as text. */
const signedHead = async (method: string, path: string, more: Record<string, string>, query?: Record<string, string>) =>
  (await signHead(endpoint.port, method, path, more, query)).text;

const statusesOf = (text: string) => [...text.matchAll(/HTTP\/1\.1 (\d{3})/g)].map((match) => Number(match[1]));

describe('requests that are none', () => {
  it.each([
    ['noise', '\u0000\u0001\u0002\r\n\r\n'],
    ['the preface of HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
    ['a TLS hello', '\u0016\u0003\u0001\u0000\u00a5\u0001\u0000\u0000\u00a1\u0003\u0003\r\n\r\n'],
    ['no version', 'GET /\r\n\r\n'],
    ['a header without colon', 'GET / HTTP/1.1\r\nhost\r\n\r\n'],
    ['a header with a line feed', 'GET / HTTP/1.1\r\nhost: a\n b\r\n\r\n'],
    ['no host', 'GET / HTTP/1.1\r\n\r\n'],
    ['two lengths', 'PUT /data/x HTTP/1.1\r\nhost: a\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab'],
    ['a negative length', 'PUT /data/x HTTP/1.1\r\nhost: a\r\ncontent-length: -1\r\n\r\n'],
    ['a length that is no number', 'PUT /data/x HTTP/1.1\r\nhost: a\r\ncontent-length: 1e3\r\n\r\n'],
    [
      'length and chunks together',
      'PUT /data/x HTTP/1.1\r\nhost: a\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n',
    ],
    ['a damaged chunk', 'PUT /data/x HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n'],
    ['headers without measure', `GET / HTTP/1.1\r\nhost: a\r\n${'x-a: b\r\n'.repeat(20_000)}\r\n`],
    ['an address without measure', `GET /data/${'x'.repeat(100_000)} HTTP/1.1\r\nhost: a\r\n\r\n`],
  ])('%s: refused', async (_, bytes) => {
    const { text, closed } = await converse(endpoint.port, Buffer.from(bytes, 'latin1'), 3_000);
    expect(closed).toBe(true);
    for (const status of statusesOf(text)) expect(status).toBeGreaterThanOrEqual(400);
  });

  it.each([
    ['an absolute address', 'GET http://127.0.0.1/data/kept HTTP/1.1', 400],
    ['a star', 'OPTIONS * HTTP/1.1', 400],
    ['a nameless bucket', 'GET //x HTTP/1.1', 400],
    ['a damaged escape', 'GET /data/%zz HTTP/1.1', 400],
    ['an escape cut short', 'GET /data/% HTTP/1.1', 400],
    ['bytes that are not UTF-8', 'GET /data/%ff HTTP/1.1', 400],
    ['a surrogate', 'GET /data/%ed%a0%80 HTTP/1.1', 400],
    ['a damaged parameter', 'GET /data/x?a=%f HTTP/1.1', 400],
    ['a parameter twice', 'GET /data/x?a=1&a=2 HTTP/1.1', 400],
    ['a header twice', 'GET /data/x HTTP/1.1\r\nrange: bytes=0-1\r\nRange: bytes=1-2', 400],
    ['metadata twice', 'PUT /data/x HTTP/1.1\r\nx-amz-meta-a: 1\r\nx-amz-meta-a: 2', 400],
    ['no signature', 'GET /data/kept HTTP/1.1', 403],
    ['a path out of the bucket', 'GET /data/../../../../etc/passwd HTTP/1.1', 403],
    ['a method unknown to S3', 'PROPFIND /data/kept HTTP/1.1', 403],
    ['a trace', 'TRACE /data/kept HTTP/1.1', 403],
    ['parameters named like properties', 'GET /data/x?__proto__=1&constructor=2 HTTP/1.1', 403],
  ])('%s: answered', async (_, line, status) => {
    const { text } = await converse(endpoint.port, `${line}\r\nhost: 127.0.0.1\r\nconnection: close\r\n\r\n`, 3_000);
    expect(statusesOf(text)).toEqual([status]);
    expect(text).toContain('<Error><Code>');
  });

  it.each([
    ['nothing after the name', 'AWS4-HMAC-SHA256'],
    ['version 2', 'AWS AKIDEMBEDDED:c2lnbmF0dXJl'],
    ['another algorithm', 'AWS4-ECDSA-P256-SHA256 Credential=a, SignedHeaders=b, Signature=c'],
    ['a scope cut short', `AWS4-HMAC-SHA256 Credential=a/20200101, SignedHeaders=host, Signature=${'0'.repeat(64)}`],
    [
      'headers out of order',
      `AWS4-HMAC-SHA256 Credential=a/20200101/us-east-1/s3/aws4_request, SignedHeaders=x;host, Signature=${'0'.repeat(64)}`,
    ],
    [
      'a long list of headers',
      `AWS4-HMAC-SHA256 Credential=a/20200101/us-east-1/s3/aws4_request, SignedHeaders=${'a;'.repeat(6000)}b, Signature=0`,
    ],
  ])('an authorization with %s: refused', async (_, authorization) => {
    const headers = { authorization, 'x-amz-date': '20200101T000000Z', 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD' };
    const answer = await send(`${endpoint.url}/data/kept`, { headers });
    expect([400, 403]).toContain(answer.status);
    expect(answer.code).toBeDefined();
  });

  it('answers refusals one after the other on one connection', async () => {
    const request = 'GET /data/kept HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n';
    const { text } = await converse(endpoint.port, request.repeat(20), 200);
    expect(statusesOf(text)).toEqual(Array(20).fill(403));
  });

  it('survives any bytes, and any damage to a genuine request', async () => {
    const genuine = Buffer.from(
      `${await signedHead('PUT', '/data/kept', { 'content-length': '4', 'if-none-match': '*' })}kept`,
    );
    const damage = fc.array(fc.tuple(fc.nat(genuine.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(fc.oneof(fc.uint8Array({ maxLength: 300 }), damage), async (input) => {
        let bytes = Buffer.from(genuine);
        if (input instanceof Uint8Array) bytes = Buffer.from(input);
        else for (const [at, value] of input as [number, number][]) bytes[at] = value;
        const { text } = await converse(endpoint.port, bytes, 1_000, true);
        for (const status of statusesOf(text)) expect(status).toBeGreaterThanOrEqual(400);
      }),
      { numRuns: 150 },
    );
  });
});

describe('what is not implemented', () => {
  it.each<[string, string, string, Record<string, string>, Record<string, string>]>([
    ['a multipart upload', 'POST', '/data/x', {}, { uploads: '' }],
    ['a part', 'PUT', '/data/x', {}, { partNumber: '1', uploadId: 'u' }],
    ['an access list', 'GET', '/data/kept', {}, { acl: '' }],
    ['a version', 'GET', '/data/kept', {}, { versionId: '1' }],
    ['tags', 'PUT', '/data/x', { 'x-amz-tagging': 'a=b' }, {}],
    ['a canned access list', 'PUT', '/data/x', { 'x-amz-acl': 'public-read' }, {}],
    ['encryption', 'PUT', '/data/x', { 'x-amz-server-side-encryption': 'aws:kms' }, {}],
    ['another storage class', 'PUT', '/data/x', { 'x-amz-storage-class': 'GLACIER' }, {}],
    ['making a bucket', 'PUT', '/other', {}, {}],
    ['the first version of lists', 'GET', '/data', {}, {}],
    ['a policy', 'GET', '/data', {}, { policy: '' }],
    ['a list of buckets', 'GET', '/', {}, {}],
    ['a look at a bucket', 'HEAD', '/data', {}, {}],
    ['a copy', 'PUT', '/data/x', { 'x-amz-copy-source': '/data/kept' }, {}],
    ['deleting many', 'POST', '/data', {}, { delete: '' }],
    ['a range', 'GET', '/data/kept', { range: 'bytes=0-1' }, {}],
    ['a condition by date', 'GET', '/data/kept', { 'if-modified-since': new Date(0).toUTCString() }, {}],
    ['another response header', 'GET', '/data/kept', {}, { 'response-content-type': 'text/plain' }],
    ['owners in a list', 'GET', '/data', {}, { 'list-type': '2', 'fetch-owner': 'true' }],
    ['CRC-32C', 'PUT', '/data/x', { 'x-amz-checksum-crc32c': 'AAAAAA==' }, {}],
    ['CRC-64/NVME', 'PUT', '/data/x', { 'x-amz-checksum-crc64nvme': 'AAAAAAAAAAA=' }, {}],
    ['SHA-1', 'PUT', '/data/x', { 'x-amz-checksum-sha1': 'AAAAAAAAAAAAAAAAAAAAAAAAAAA=' }, {}],
    ['If-Range', 'GET', '/data/kept', { 'if-range': '"x"' }, {}],
    ['a condition S3 does not take', 'PUT', '/data/x', { 'if-none-match': '"x"' }, {}],
    [
      'an elliptic signature of chunks',
      'PUT',
      '/data/x',
      { 'x-amz-content-sha256': 'STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD' },
      {},
    ],
  ])('%s: 501, said so', async (_, method, path, headers, query) => {
    const head = await signedHead(method, path, { 'content-length': '0', connection: 'close', ...headers }, query);
    const { text } = await converse(endpoint.port, head, 2_000);
    expect(statusesOf(text)).toEqual([501]);
    if (method !== 'HEAD') expect(text).toContain('<Code>NotImplemented</Code>');
  });
});

describe('bodies that go wrong', () => {
  const put = (more: Record<string, string>) => signedHead('PUT', '/data/x', more);

  it('an upload cut off leaves nothing', async () => {
    const head = await put({ 'content-length': '900000' });
    for (let round = 0; round < 5; round++) {
      await new Promise<void>((resolve) => {
        const socket = connect(endpoint.port, '127.0.0.1');
        socket.write(head);
        socket.write(Buffer.alloc(400_000), () => setTimeout(() => resolve(void socket.resetAndDestroy()), 20));
      });
    }
  });

  it('a sender that falls silent is told and cut off', async () => {
    const { text, closed } = await converse(
      endpoint.port,
      `${await put({ 'content-length': '100' })}ten bytes.`,
      5_000,
    );
    expect(statusesOf(text)).toEqual([400]);
    expect(text).toContain('<Code>RequestTimeout</Code>');
    expect(closed).toBe(true);
  });

  it('a head that never ends is cut off', async () => {
    const { closed } = await converse(endpoint.port, 'GET / HTTP/1.1\r\nhost: a\r\n', 5_000);
    expect(closed).toBe(true);
  });

  it.each<[string, () => Promise<string>]>([
    [
      'refused at its head',
      () => Promise.resolve('PUT /data/x HTTP/1.1\r\nhost: a\r\ncontent-length: 1000000000\r\n\r\n'),
    ],
    [
      'that is longer than it said',
      async () => `${await put({ ...streaming(10), 'content-length': '1000000000' })}3b9aca00\r\n`,
    ],
  ])('an upload of a gigabyte %s is not read to its end', async (_, head) => {
    const bytes = await head();
    const written = await new Promise<number>((resolve) => {
      const socket = connect(endpoint.port, '127.0.0.1');
      const piece = Buffer.alloc(1_000_000);
      socket.on('error', () => {});
      socket.on('close', () => resolve(socket.bytesWritten));
      socket.write(bytes);
      const more = (): void => {
        if (socket.writable) socket.write(piece, more);
      };
      more();
    });
    expect(written).toBeLessThan(30_000_000);
  });

  it.each<[string, () => Promise<string>, number]>([
    ['its head', () => Promise.resolve('PUT /data/x HTTP/1.1\r\nhost: a\r\ncontent-length: 300000\r\n\r\n'), 403],
    ['its body', () => put({ ...streaming(10), 'content-length': '300000' }), 400],
  ])('a connection goes on after an upload was refused for %s', async (_, head, status) => {
    const next = await signedHead('GET', '/data/kept', { connection: 'close' });
    const { text } = await converse(endpoint.port, (await head()) + '\n'.repeat(300_000) + next, 3_000);
    expect(statusesOf(text)).toEqual([status, 200]);
  });

  it('a refused sender that neither sends nor leaves is cut off', async () => {
    const patient = await startEndpoint();
    const head = 'PUT /data/x HTTP/1.1\r\nhost: a\r\ncontent-length: 1000\r\n\r\n';
    const { text, closed } = await converse(patient.port, head, 6_000);
    expect(statusesOf(text)).toEqual([403]);
    expect(closed).toBe(true);
  });

  it('a signed header that was empty must still be sent', async () => {
    const head = await signedHead('GET', '/data/kept', { 'x-empty': '', connection: 'close' });
    expect(statusesOf((await converse(endpoint.port, head, 2_000)).text)).toEqual([200]);
    const without = await converse(endpoint.port, head.replace('x-empty: \r\n', ''), 2_000);
    expect(statusesOf(without.text)).toEqual([403]);
  });

  it.each<[string, Record<string, string>, string, string]>([
    ['larger than allowed', { 'content-length': '1000001' }, '', 'EntityTooLarge'],
    ['without a length', { 'transfer-encoding': 'chunked' }, '1\r\na\r\n0\r\n\r\n', 'MissingContentLength'],
    [
      'without the decoded length',
      { 'content-length': '5', 'x-amz-content-sha256': 'STREAMING-UNSIGNED-PAYLOAD-TRAILER' },
      '0\r\n\r\n',
      'MissingContentLength',
    ],
    ['longer than its decoded length', streaming(2), '3\r\nabc\r\n0\r\n\r\n', 'IncompleteBody'],
    ['shorter than its decoded length', streaming(4), '3\r\nabc\r\n0\r\n\r\n', 'IncompleteBody'],
    ['with a decoded length over the limit', streaming(1_000_001), '0\r\n\r\n', 'EntityTooLarge'],
    ['with a decoded length of nonsense', streaming(Number.NaN), '0\r\n\r\n', 'InvalidArgument'],
    [
      'without its announced trailer',
      streaming(3, 'x-amz-checksum-crc32'),
      '3\r\nabc\r\n0\r\n\r\n',
      'MalformedTrailerError',
    ],
    [
      'with a wrong trailer',
      streaming(3, 'x-amz-checksum-crc32'),
      '3\r\nabc\r\n0\r\nx-amz-checksum-crc32:AAAAAA==\r\n\r\n',
      'BadDigest',
    ],
    [
      'with a trailer of nonsense',
      streaming(3, 'x-amz-checksum-crc32'),
      '3\r\nabc\r\n0\r\nx-amz-checksum-crc32:zzz\r\n\r\n',
      'InvalidRequest',
    ],
    [
      'with a trailer unannounced',
      streaming(3),
      '3\r\nabc\r\n0\r\nx-amz-checksum-crc32:AAAAAA==\r\n\r\n',
      'NotImplemented',
    ],
    ['with chunks in no encoding', streaming(3), 'abc', 'IncompleteBody'],
    [
      'with an unsigned chunk',
      { ...streaming(3), 'x-amz-content-sha256': 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD' },
      '3\r\nabc\r\n0\r\n\r\n',
      'SignatureDoesNotMatch',
    ],
    [
      'with a forged chunk',
      { ...streaming(3), 'x-amz-content-sha256': 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD' },
      `3;chunk-signature=${'0'.repeat(64)}\r\nabc\r\n0\r\n\r\n`,
      'SignatureDoesNotMatch',
    ],
    [
      'with another hash than signed',
      { 'content-length': '3', 'x-amz-content-sha256': '0'.repeat(64) },
      'abc',
      'XAmzContentSHA256Mismatch',
    ],
    ['with a hash of nonsense', { 'content-length': '3', 'x-amz-content-sha256': 'none' }, 'abc', 'InvalidArgument'],
    [
      'with two checksums',
      { 'content-length': '3', 'x-amz-checksum-crc32': 'AAAAAA==', 'x-amz-checksum-sha256': 'x' },
      'abc',
      'InvalidRequest',
    ],
    [
      'with a checksum announced only',
      { 'content-length': '3', 'x-amz-sdk-checksum-algorithm': 'CRC32' },
      'abc',
      'InvalidRequest',
    ],
    [
      'marked chunked without being so',
      { 'content-length': '3', 'content-encoding': 'aws-chunked' },
      'abc',
      'InvalidRequest',
    ],
  ])('one %s: refused', async (_, headers, body, code) => {
    const length =
      headers['content-length'] === undefined && headers['transfer-encoding'] === undefined
        ? { 'content-length': String(body.length) }
        : {};
    const head = await put({ connection: 'close', ...length, ...headers });
    const { text } = await converse(endpoint.port, head + body, 3_000);
    expect(text).toContain(`<Code>${code}</Code>`);
  });

  function streaming(decodedBytes: number, trailer?: string): Record<string, string> {
    return {
      'content-encoding': 'aws-chunked',
      'x-amz-content-sha256': 'STREAMING-UNSIGNED-PAYLOAD-TRAILER',
      'x-amz-decoded-content-length': String(decodedBytes),
      ...(trailer === undefined ? {} : { 'x-amz-trailer': trailer }),
    };
  }

  it('a sender that asks first is told to go on, or why not', async () => {
    const ask = { 'content-length': '4', 'if-match': '"none"' };
    const insert = (head: string) => head.replace('\r\n', '\r\nexpect: 100-continue\r\nconnection: close\r\n');
    const good = await converse(endpoint.port, `${insert(await put(ask))}body`, 2_000);
    expect(statusesOf(good.text)).toEqual([100, 404]);
    const bad = await converse(endpoint.port, insert(await put(ask)).replace(/Signature=../, 'Signature=zz'), 2_000);
    expect(statusesOf(bad.text)).toEqual([403]);
    expect(bad.closed).toBe(true);
  });
});
