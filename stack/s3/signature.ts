// AWS Signature Version 4 as S3 computes it, over a received request: canonical request, string to sign, keys, and the
// chained signatures of aws-chunked bodies. Source: Amazon S3 API Reference, "Authenticating Requests (AWS Signature
// Version 4)". Written on node:crypto alone, so that the SDK's own signer is an independent check in the tests.

import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { S3Request } from './request.ts';
import { encodeRfc3986 } from './uri-encoding.ts';

export const emptySha256 = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';

export interface SigningContext {
  /** `YYYYMMDD'T'HHMMSS'Z'` */
  readonly longDate: string;
  /** `YYYYMMDD/region/s3/aws4_request` */
  readonly scope: string;
  readonly signingKey: Buffer;
}

/** The key of a day, region and service (AWS Signature Version 4). */
export function deriveSigningKey(secretAccessKey: string, shortDate: string, region: string, service: string): Buffer {
  let key: Buffer | string = `AWS4${secretAccessKey}`;
  for (const part of [shortDate, region, service, 'aws4_request'])
    key = createHmac('sha256', key).update(part).digest();
  return key as Buffer;
}

/**
 * The canonical request. `signedHeaders` are lower case; a signed header that is not in the request counts as empty.
 * S3 encodes the path once and does not normalise it. Returned as Latin-1 text, one character a byte.
 */
export function canonicalRequest(request: S3Request, signedHeaders: readonly string[], payloadHash: string): string {
  const path = request.path.split('/').map(encodeRfc3986).join('/');
  const query = [...request.query]
    .filter(([name]) => name !== 'X-Amz-Signature')
    .map(([name, value]) => [encodeRfc3986(name), encodeRfc3986(value)] as const)
    .sort(([left], [right]) => (left < right ? -1 : 1))
    .map(([name, value]) => `${name}=${value}`);
  const headers = signedHeaders.map((name) => `${name}:${(request.headers.get(name) ?? '').replace(/[ \t]+/g, ' ')}\n`);
  return [request.method, path, query.join('&'), headers.join(''), signedHeaders.join(';'), payloadHash].join('\n');
}

/** The signature of a string to sign, hex (AWS Signature Version 4). */
export function sign(context: SigningContext, canonical: string): string {
  const hash = createHash('sha256').update(canonical, 'latin1').digest('hex');
  return signText(context, `AWS4-HMAC-SHA256\n${context.longDate}\n${context.scope}\n${hash}`);
}

/** The signature of one chunk of a STREAMING-AWS4-HMAC-SHA256-PAYLOAD body. */
export function signChunk(context: SigningContext, previousSignature: string, chunkSha256: string): string {
  const lines = ['AWS4-HMAC-SHA256-PAYLOAD', context.longDate, context.scope, previousSignature, emptySha256];
  return signText(context, [...lines, chunkSha256].join('\n'));
}

/** The signature over the trailing headers, each `name:value\n`, of a STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER
 * body. */
export function signTrailer(context: SigningContext, previousSignature: string, trailers: string): string {
  const hash = createHash('sha256').update(trailers, 'latin1').digest('hex');
  const lines = ['AWS4-HMAC-SHA256-TRAILER', context.longDate, context.scope, previousSignature, hash];
  return signText(context, lines.join('\n'));
}

function signText(context: SigningContext, text: string): string {
  return createHmac('sha256', context.signingKey).update(text).digest('hex');
}

/** Compares two hex signatures in constant time; a malformed one never matches. */
export function sameSignature(given: string, expected: string): boolean {
  if (!/^[0-9a-f]{64}$/.test(given)) return false;
  return timingSafeEqual(Buffer.from(given, 'hex'), Buffer.from(expected, 'hex'));
}
