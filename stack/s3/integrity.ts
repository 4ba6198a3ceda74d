// What a sender promises about a body: Content-MD5, one x-amz-checksum-* in a header or a trailer, the signed SHA-256.
// Read before the body arrives, verified after it. A promise that cannot be kept is refused, never ignored.

import {
  type ChecksumAlgorithm,
  checksumAlgorithms,
  digestBytes,
  type RunningHash,
  startChecksum,
  startHash,
} from './checksum.ts';
import type { S3Request } from './request.ts';
import { notImplemented, S3Error } from './s3-error.ts';

export interface Promised {
  readonly md5: Buffer | undefined;
  /** The value is undefined where it is promised for the trailer. */
  readonly checksum: { readonly algorithm: ChecksumAlgorithm; readonly value: Buffer | undefined } | undefined;
  readonly sha256: string | undefined;
}

/** @throws S3Error `InvalidDigest`, `InvalidRequest` */
export function readPromises(request: S3Request, payloadHash: string): Promised {
  const { headers } = request;
  const inHeader = checksumAlgorithms.filter((algorithm) => headers.has(`x-amz-checksum-${algorithm}`));
  const trailer = headers.get('x-amz-trailer')?.toLowerCase();
  const inTrailer = trailer === undefined ? undefined : trailerAlgorithm(trailer);
  if (inHeader.length + (inTrailer === undefined ? 0 : 1) > 1) {
    throw new S3Error(
      'InvalidRequest',
      'Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.',
    );
  }
  if (inTrailer !== undefined && !payloadHash.endsWith('-TRAILER')) {
    throw new S3Error('InvalidRequest', 'x-amz-trailer needs an x-amz-content-sha256 that ends in -TRAILER.');
  }
  const algorithm = inHeader[0] ?? inTrailer;
  checkDeclared(headers.get('x-amz-sdk-checksum-algorithm'), algorithm);
  const given = inHeader[0] === undefined ? undefined : headers.get(`x-amz-checksum-${inHeader[0]}`);
  return {
    md5: readMd5(request.headers.get('content-md5')),
    checksum:
      algorithm === undefined
        ? undefined
        : { algorithm, value: given === undefined ? undefined : decodeChecksum(algorithm, given) },
    sha256: /^[0-9a-f]{64}$/.test(payloadHash) ? payloadHash : undefined,
  };
}

function trailerAlgorithm(trailer: string): ChecksumAlgorithm {
  const algorithm = checksumAlgorithms.find((name) => trailer === `x-amz-checksum-${name}`);
  if (algorithm === undefined) throw notImplemented(`the trailing header ${trailer}`);
  return algorithm;
}

function checkDeclared(declared: string | undefined, algorithm: ChecksumAlgorithm | undefined): void {
  if (declared === undefined) return;
  if (!checksumAlgorithms.some((known) => known === declared.toLowerCase())) {
    throw new S3Error(
      'InvalidRequest',
      'Checksum algorithm provided is unsupported. Please try again with any of the valid types: [CRC32, SHA256]',
    );
  }
  if (declared.toLowerCase() !== algorithm) {
    throw new S3Error(
      'InvalidRequest',
      'x-amz-sdk-checksum-algorithm specified, but no corresponding x-amz-checksum-* or x-amz-trailer headers were found.',
    );
  }
}

function readMd5(text: string | undefined): Buffer | undefined {
  if (text === undefined) return undefined;
  const value = decodeBase64(text, 16);
  if (value === undefined) throw new S3Error('InvalidDigest', 'The Content-MD5 you specified was invalid.');
  return value;
}

function decodeChecksum(algorithm: ChecksumAlgorithm, text: string): Buffer {
  const value = decodeBase64(text, digestBytes[algorithm]);
  if (value === undefined) {
    throw new S3Error('InvalidRequest', `Value for x-amz-checksum-${algorithm} header is invalid.`);
  }
  return value;
}

function decodeBase64(text: string, length: number): Buffer | undefined {
  const value = Buffer.from(text, 'base64');
  return value.length === length && value.toString('base64') === text ? value : undefined;
}

export interface Verified {
  /** Lower-case hex. */
  readonly md5: string;
  readonly checksum: { readonly algorithm: ChecksumAlgorithm; readonly base64: string } | undefined;
}

/** Hashes a body as it passes, and compares at the end. */
export class IntegrityCheck {
  readonly #promised: Promised;
  readonly #md5 = startHash('md5');
  readonly #sha256: RunningHash | undefined;
  readonly #checksum: RunningHash | undefined;

  constructor(promised: Promised) {
    this.#promised = promised;
    this.#sha256 = promised.sha256 === undefined ? undefined : startHash('sha256');
    this.#checksum = promised.checksum === undefined ? undefined : startChecksum(promised.checksum.algorithm);
  }

  update(bytes: Uint8Array): void {
    this.#md5.update(bytes);
    this.#sha256?.update(bytes);
    this.#checksum?.update(bytes);
  }

  /** @throws S3Error `XAmzContentSHA256Mismatch`, `BadDigest`, `MalformedTrailerError` */
  finish(trailers: ReadonlyMap<string, string>): Verified {
    const { promised, md5 } = { promised: this.#promised, md5: this.#md5.digest() };
    const sha256 = this.#sha256?.digest().toString('hex');
    if (sha256 !== promised.sha256) {
      throw new S3Error(
        'XAmzContentSHA256Mismatch',
        "The provided 'x-amz-content-sha256' header does not match what was computed.",
        {
          ClientComputedContentSHA256: promised.sha256 ?? '',
          S3ComputedContentSHA256: sha256 ?? '',
        },
      );
    }
    if (promised.md5 !== undefined && !promised.md5.equals(md5)) {
      throw new S3Error('BadDigest', 'The Content-MD5 you specified did not match what we received.', {
        ExpectedDigest: promised.md5.toString('base64'),
        CalculatedDigest: md5.toString('base64'),
      });
    }
    return { md5: md5.toString('hex'), checksum: this.#finishChecksum(trailers) };
  }

  #finishChecksum(trailers: ReadonlyMap<string, string>): Verified['checksum'] {
    const promised = this.#promised.checksum;
    const expectedTrailer =
      promised?.value === undefined && promised !== undefined ? `x-amz-checksum-${promised.algorithm}` : undefined;
    for (const name of trailers.keys()) {
      if (name !== expectedTrailer) throw notImplemented(`the trailing header ${name}`);
    }
    if (promised === undefined || this.#checksum === undefined) return undefined;
    let value = promised.value;
    if (expectedTrailer !== undefined) {
      const text = trailers.get(expectedTrailer);
      if (text === undefined) {
        throw new S3Error(
          'MalformedTrailerError',
          `The trailing header ${expectedTrailer} that x-amz-trailer announces is missing.`,
        );
      }
      value = decodeChecksum(promised.algorithm, text);
    }
    const digest = this.#checksum.digest();
    if (value === undefined || !value.equals(digest)) {
      throw new S3Error(
        'BadDigest',
        `The ${promised.algorithm.toUpperCase()} you specified did not match the calculated checksum.`,
      );
    }
    return { algorithm: promised.algorithm, base64: digest.toString('base64') };
  }
}
