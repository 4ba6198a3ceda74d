// Uploads whose chunks are signed one by one, as SDKs of other languages send them over plain HTTP.

import { createHash, randomBytes } from 'node:crypto';
import { GetObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { beforeAll, describe, expect, it } from 'vitest';
import { startChecksum } from '#stack/s3/checksum.ts';
import { deriveSigningKey, signChunk, signTrailer } from '#stack/s3/signature.ts';
import { client, credentials, refusal, region, startEndpoint } from './endpoint.ts';
import { converse } from './raw-http.ts';
import { signHead } from './sign-head.ts';

let endpoint: Awaited<ReturnType<typeof startEndpoint>>;
let s3: ReturnType<typeof client>;
const chunks = [randomBytes(65_536), randomBytes(65_536), randomBytes(1_000)];
const whole = Buffer.concat(chunks);

beforeAll(async () => {
  endpoint = await startEndpoint();
  s3 = client(endpoint);
});

interface Forgery {
  readonly data?: (chunk: Buffer, index: number) => Buffer;
  readonly order?: readonly number[];
  readonly trailer?: string;
}

async function upload(key: string, withTrailer: boolean, forgery: Forgery = {}): Promise<string> {
  const crc = startChecksum('crc32');
  crc.update(whole);
  const trailer = `x-amz-checksum-crc32:${crc.digest().toString('base64')}`;
  const { headers, text } = await signHead(endpoint.port, 'PUT', `/data/${key}`, {
    'content-encoding': 'aws-chunked',
    'transfer-encoding': 'chunked',
    connection: 'close',
    'x-amz-content-sha256': `STREAMING-AWS4-HMAC-SHA256-PAYLOAD${withTrailer ? '-TRAILER' : ''}`,
    'x-amz-decoded-content-length': String(whole.length),
    ...(withTrailer ? { 'x-amz-trailer': 'x-amz-checksum-crc32' } : {}),
  });
  const longDate = headers['x-amz-date']!;
  const shortDate = longDate.slice(0, 8);
  const context = {
    longDate,
    scope: `${shortDate}/${region}/s3/aws4_request`,
    signingKey: deriveSigningKey(credentials.secretAccessKey, shortDate, region, 's3'),
  };
  let previous = /Signature=([0-9a-f]+)/.exec(headers['authorization']!)![1]!;
  const signed = [...chunks, Buffer.alloc(0)].map((chunk) => {
    previous = signChunk(context, previous, createHash('sha256').update(chunk).digest('hex'));
    return { chunk, signature: previous };
  });
  const sent = (forgery.order ?? signed.map((_, index) => index)).map((from, index) => {
    const { chunk, signature } = signed[from]!;
    const data = forgery.data?.(chunk, index) ?? chunk;
    const head = Buffer.from(`${data.length.toString(16)};chunk-signature=${signature}\r\n`);
    return Buffer.concat([head, data, Buffer.from(data.length > 0 ? '\r\n' : '')]);
  });
  const trailers = `${forgery.trailer ?? trailer}\r\nx-amz-trailer-signature:${signTrailer(context, previous, `${trailer}\n`)}\r\n`;
  const body = Buffer.concat([...sent, Buffer.from(`${withTrailer ? trailers : ''}\r\n`)]);
  const framed = Buffer.concat([Buffer.from(`${body.length.toString(16)}\r\n`), body, Buffer.from('\r\n0\r\n\r\n')]);
  return (await converse(endpoint.port, Buffer.concat([Buffer.from(text), framed]), 5_000)).text;
}

describe('signed chunks', () => {
  it.each([false, true])('are stored without their framing (trailer: %s)', async (withTrailer) => {
    expect(await upload(`signed-${withTrailer}`, withTrailer)).toMatch(/^HTTP\/1\.1 200/);
    const got = await s3.send(new GetObjectCommand({ Bucket: 'data', Key: `signed-${withTrailer}` }));
    expect(got.ContentEncoding).toBeUndefined();
    expect(whole.equals(await got.Body!.transformToByteArray())).toBe(true);
  });

  it.each<[string, boolean, Forgery]>([
    [
      'a changed byte',
      false,
      {
        data: (chunk, index) =>
          index === 1 ? Buffer.concat([Buffer.from([chunk[0]! ^ 1]), chunk.subarray(1)]) : chunk,
      },
    ],
    ['two chunks in the wrong order', false, { order: [1, 0, 2, 3] }],
    ['a chunk twice', false, { order: [0, 0, 2, 3] }],
    ['another checksum in the trailer', true, { trailer: 'x-amz-checksum-crc32:AAAAAA==' }],
  ])('are refused for %s', async (_, withTrailer, forgery) => {
    const answer = await upload('forged', withTrailer, forgery);
    expect(answer).toMatch(/^HTTP\/1\.1 403/);
    expect(answer).toContain('<Code>SignatureDoesNotMatch</Code>');
    expect((await refusal(s3.send(new GetObjectCommand({ Bucket: 'data', Key: 'forged' })))).code).toBe('NoSuchKey');
    await s3.send(new PutObjectCommand({ Bucket: 'data', Key: 'still-serving', Body: 'x' }));
  });
});
