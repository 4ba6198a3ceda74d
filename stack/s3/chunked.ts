// The aws-chunked content encoding: `hex-size[;chunk-signature=...]\r\n data \r\n`, a zero chunk, then trailing
// headers. A push decoder with bounded memory: it gives back slices of what it is fed, and holds only one line at a
// time. No adapter of ours streams. This stays because the SDK turns to it by itself as soon as a body is a stream, and
// an endpoint that does not know it keeps the framing as if it were the object; and the signed form because AWS's own
// examples and a property test hold it at little cost. Source: Amazon S3 API Reference, "Signature calculations for the
// Authorization header: transferring payload in multiple chunks" and "... including trailing headers".

import { createHash, type Hash } from 'node:crypto';
import { S3Error } from './s3-error.ts';
import { type SigningContext, sameSignature, signChunk, signTrailer } from './signature.ts';

const maxLineBytes = 1024;
const maxTrailers = 8;

export interface ChunkSigning {
  readonly context: SigningContext;
  /** The signature of the request's head. */
  readonly seedSignature: string;
}

type State = 'size' | 'data' | 'data-end' | 'trailer' | 'done';

export class ChunkedDecoder {
  /** Trailing headers, lower-case names; complete once `finish` returned. */
  readonly trailers = new Map<string, string>();
  readonly #signing: ChunkSigning | undefined;
  readonly #signedTrailer: boolean;
  #state: State = 'size';
  #line = '';
  #left = 0;
  #last = false;
  #chunkHash: Hash | undefined;
  #chunkSignature = '';
  #previousSignature: string;

  /** With `signing`, every chunk must carry a valid signature; with `signedTrailer` also, the trailers too. */
  constructor(signing: ChunkSigning | undefined, signedTrailer: boolean) {
    this.#signing = signing;
    this.#signedTrailer = signedTrailer;
    this.#previousSignature = signing?.seedSignature ?? '';
  }

  /** The payload bytes in `input`, in order. @throws S3Error `IncompleteBody`, `SignatureDoesNotMatch` */
  *push(input: Buffer): Generator<Buffer> {
    let at = 0;
    while (at < input.length) {
      if (this.#state === 'data') {
        const take = Math.min(this.#left, input.length - at);
        const data = input.subarray(at, at + take);
        at += take;
        this.#left -= take;
        this.#chunkHash?.update(data);
        if (this.#left === 0) this.#state = 'data-end';
        yield data;
        continue;
      }
      if (this.#state === 'done') throw malformed('there are bytes after its end');
      const end = input.indexOf(0x0a, at);
      const piece = input.toString('latin1', at, end === -1 ? input.length : end);
      this.#line += piece;
      if (this.#line.length > maxLineBytes) throw malformed(`a line is longer than ${maxLineBytes} bytes`);
      if (end === -1) return;
      at = end + 1;
      const line = this.#line;
      this.#line = '';
      if (!line.endsWith('\r')) throw malformed('a line does not end in CRLF');
      this.#takeLine(line.slice(0, -1));
    }
  }

  /** Call when the body has ended. @throws S3Error `IncompleteBody` where it ended early. */
  finish(): void {
    if (this.#state !== 'done') throw malformed('it ended before its last chunk');
  }

  #takeLine(line: string): void {
    if (this.#state === 'size') this.#startChunk(line);
    else if (this.#state === 'data-end') {
      if (line !== '') throw malformed('a chunk is longer than its size says');
      this.#endChunk();
    } else if (line === '') this.#endTrailers();
    else this.#takeTrailer(line);
  }

  #startChunk(line: string): void {
    const match = /^([0-9a-fA-F]{1,12})(?:;chunk-signature=([0-9a-f]{64}))?$/.exec(line);
    if (match === null) throw malformed('a chunk does not start with its size');
    this.#left = Number.parseInt(match[1]!, 16);
    this.#last = this.#left === 0;
    if (this.#signing !== undefined) {
      this.#chunkHash = createHash('sha256');
      this.#chunkSignature = match[2] ?? '';
    }
    if (this.#last) {
      this.#endChunk();
      this.#state = 'trailer';
    } else this.#state = 'data';
  }

  #endChunk(): void {
    if (this.#signing !== undefined && this.#chunkHash !== undefined) {
      const expected = signChunk(this.#signing.context, this.#previousSignature, this.#chunkHash.digest('hex'));
      if (!sameSignature(this.#chunkSignature, expected)) {
        throw new S3Error('SignatureDoesNotMatch', 'The signature of a chunk does not match its content.');
      }
      this.#previousSignature = expected;
      this.#chunkHash = undefined;
    }
    this.#state = 'size';
  }

  #takeTrailer(line: string): void {
    const colon = line.indexOf(':');
    const name = line.slice(0, colon).trim().toLowerCase();
    if (colon < 1 || this.trailers.has(name) || this.trailers.size >= maxTrailers) {
      throw new S3Error('MalformedTrailerError', 'The request contained trailing data that was not well-formed.');
    }
    this.trailers.set(name, line.slice(colon + 1).trim());
  }

  #endTrailers(): void {
    const signature = this.trailers.get('x-amz-trailer-signature');
    this.trailers.delete('x-amz-trailer-signature');
    if (this.#signing !== undefined && this.#signedTrailer) {
      const signedText = [...this.trailers].map(([name, value]) => `${name}:${value}\n`).join('');
      const expected = signTrailer(this.#signing.context, this.#previousSignature, signedText);
      if (!sameSignature(signature ?? '', expected)) {
        throw new S3Error('SignatureDoesNotMatch', 'The signature of the trailing headers does not match.');
      }
    }
    this.#state = 'done';
  }
}

function malformed(why: string): S3Error {
  return new S3Error('IncompleteBody', `The request body is not a well-formed aws-chunked body: ${why}.`);
}
