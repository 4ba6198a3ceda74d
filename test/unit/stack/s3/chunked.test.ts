// The aws-chunked decoder: any split of a body gives the same bytes, and every damage is refused.

import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ChunkedDecoder, type ChunkSigning } from '#stack/s3/chunked.ts';
import { deriveSigningKey, signChunk, signTrailer } from '#stack/s3/signature.ts';

const signing: ChunkSigning = {
  context: {
    longDate: '20130524T000000Z',
    scope: '20130524/us-east-1/s3/aws4_request',
    signingKey: deriveSigningKey('secret', '20130524', 'us-east-1', 's3'),
  },
  seedSignature: '0'.repeat(64),
};
const trailer = 'x-amz-checksum-crc32:AAAAAA==';

function encode(chunks: readonly Uint8Array[], signed: boolean, withTrailer: boolean): Buffer {
  let previous = signing.seedSignature;
  const pieces: Buffer[] = [];
  for (const chunk of [...chunks, new Uint8Array()]) {
    previous = signChunk(signing.context, previous, createHash('sha256').update(chunk).digest('hex'));
    const extension = signed ? `;chunk-signature=${previous}` : '';
    pieces.push(Buffer.from(`${chunk.length.toString(16)}${extension}\r\n`), Buffer.from(chunk));
    if (chunk.length > 0) pieces.push(Buffer.from('\r\n'));
  }
  if (withTrailer) pieces.push(Buffer.from(`${trailer}\r\n`));
  if (withTrailer && signed) {
    pieces.push(Buffer.from(`x-amz-trailer-signature:${signTrailer(signing.context, previous, `${trailer}\n`)}\r\n`));
  }
  return Buffer.concat([...pieces, Buffer.from('\r\n')]);
}

function decode(body: Buffer, cuts: readonly number[], signed: boolean, withTrailer: boolean) {
  const decoder = new ChunkedDecoder(signed ? signing : undefined, withTrailer);
  const out: Buffer[] = [];
  const at = [0, ...cuts.map((cut) => cut % (body.length + 1)).sort((a, b) => a - b), body.length];
  for (let index = 1; index < at.length; index++) out.push(...decoder.push(body.subarray(at[index - 1], at[index])));
  decoder.finish();
  return { bytes: Buffer.concat(out), trailers: decoder.trailers };
}

const chunkList = fc.array(fc.uint8Array({ minLength: 1, maxLength: 40 }), { maxLength: 5 });

describe('the aws-chunked decoder', () => {
  it('gives the same bytes for any split', () => {
    fc.assert(
      fc.property(
        chunkList,
        fc.array(fc.nat(), { maxLength: 8 }),
        fc.boolean(),
        fc.boolean(),
        (chunks, cuts, signed, withTrailer) => {
          const { bytes, trailers } = decode(encode(chunks, signed, withTrailer), cuts, signed, withTrailer);
          expect(bytes.equals(Buffer.concat(chunks))).toBe(true);
          expect([...trailers]).toEqual(withTrailer ? [['x-amz-checksum-crc32', 'AAAAAA==']] : []);
        },
      ),
    );
  });

  it('refuses a signed body with any one byte changed', () => {
    const body = encode([Buffer.from('first chunk'), Buffer.from('second')], true, true);
    const genuine = decode(body, [], true, true).bytes;
    for (let at = 0; at < body.length; at++) {
      for (const flip of [0x01, 0x20, 0x80]) {
        const changed = Buffer.from(body);
        changed[at] = changed[at]! ^ flip;
        let result: ReturnType<typeof decode> | undefined;
        try {
          result = decode(changed, [], true, true);
        } catch (error) {
          expect((error as Error).name).toBe('S3Error');
        }
        // Upper and lower case of a hex size or of a trailer's name are the same thing said.
        if (result !== undefined) {
          expect(result.bytes.equals(genuine)).toBe(true);
          expect([...result.trailers]).toEqual([['x-amz-checksum-crc32', 'AAAAAA==']]);
        }
      }
    }
  });

  it('refuses every body that ends early', () => {
    const body = encode([Buffer.from('first chunk')], false, true);
    for (let length = 0; length < body.length; length++) {
      expect(() => decode(body.subarray(0, length), [], false, true), `${length} bytes`).toThrow();
    }
  });

  it.each([
    ['no size', 'x\r\n'],
    ['a size without end', `${'1'.repeat(2000)}`],
    ['a huge size', 'fffffffffffffffff\r\n'],
    ['a bare line feed', '1\na\n0\n\n'],
    ['data past the chunk', '1\r\nab\r\n0\r\n\r\n'],
    ['bytes after the end', '0\r\n\r\nx'],
    ['a trailer without a colon', '0\r\nx-amz\r\n\r\n'],
    ['a trailer twice', '0\r\na:1\r\na:2\r\n\r\n'],
    ['nothing', ''],
  ])('refuses %s', (_, body) => {
    expect(() => decode(Buffer.from(body), [], false, true)).toThrow();
  });

  it('never crashes or loops on any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.boolean(), (bytes, signed) => {
        try {
          decode(Buffer.from(bytes), [], signed, true);
        } catch (error) {
          expect((error as Error).name).toBe('S3Error');
        }
      }),
    );
  });
});
