// Receives a request's body: length rules, aws-chunked decoding, hashing, a size limit, and a limit on silence. Bytes
// go to a sink as they come, with back pressure; nothing is kept here.

import type { IncomingMessage } from 'node:http';
import type { Authentication } from './authentication.ts';
import { ChunkedDecoder } from './chunked.ts';
import { IntegrityCheck, readPromises, type Verified } from './integrity.ts';
import type { S3Request } from './request.ts';
import { S3Error } from './s3-error.ts';

export interface ByteSink {
  write(bytes: Buffer): Promise<void>;
}

export interface BodyLimits {
  readonly maxBytes: number;
  /** A sender silent for longer is given up. */
  readonly idleTimeoutMs: number;
}

export interface IncomingBody {
  readonly message: IncomingMessage;
  /** Tells a sender that waits (`Expect: 100-continue`) to go on. */
  readonly sendContinue: () => void;
}

/** Bytes, declared by the sender before the body. */
export function declaredLength(request: S3Request, authentication: Authentication): number {
  const streaming = authentication.payloadHash.startsWith('STREAMING-');
  const name = streaming ? 'x-amz-decoded-content-length' : 'content-length';
  const text = request.headers.get(name);
  if (text === undefined) {
    throw new S3Error(
      'MissingContentLength',
      `You must provide the ${streaming ? name : 'Content-Length'} HTTP header.`,
    );
  }
  if (!/^\d{1,15}$/.test(text))
    throw new S3Error('InvalidArgument', `${name} must be a number of bytes; it is '${text}'.`);
  return Number(text);
}

/**
 * Receives and verifies a whole body.
 * @throws S3Error `MissingContentLength`, `EntityTooLarge`, `IncompleteBody`, `RequestTimeout`, or what integrity.ts
 * and chunked.ts throw
 */
export async function receiveBody(
  request: S3Request,
  authentication: Authentication,
  body: IncomingBody,
  sink: ByteSink,
  limits: BodyLimits,
): Promise<Verified & { readonly sizeBytes: number }> {
  const declared = declaredLength(request, authentication);
  if (declared > limits.maxBytes) throw tooLarge(declared, limits.maxBytes);
  const integrity = new IntegrityCheck(readPromises(request, authentication.payloadHash));
  const decoder = startDecoder(request, authentication);

  let sizeBytes = 0;
  const take = async (bytes: Buffer): Promise<void> => {
    sizeBytes += bytes.length;
    if (sizeBytes > declared) throw wrongLength(declared);
    integrity.update(bytes);
    await sink.write(bytes);
  };
  body.sendContinue();
  for await (const bytes of untilSilent(body.message, limits.idleTimeoutMs)) {
    if (decoder === undefined) await take(bytes);
    else for (const piece of decoder.push(bytes)) await take(piece);
  }
  decoder?.finish();
  if (sizeBytes !== declared) throw wrongLength(declared);
  return { ...integrity.finish(decoder?.trailers ?? new Map()), sizeBytes };
}

/** For operations without a body: an empty one is fine, any byte is refused. */
export async function receiveNothing(
  request: S3Request,
  authentication: Authentication,
  body: IncomingBody,
  limits: BodyLimits,
): Promise<void> {
  const announced = request.headers.get('content-length') ?? '0';
  if (announced === '0' && !request.headers.has('transfer-encoding')) {
    new IntegrityCheck(readPromises(request, authentication.payloadHash)).finish(new Map());
    return;
  }
  const refuse: ByteSink = {
    write: () => Promise.reject(new S3Error('UnexpectedContent', 'This request does not support content.')),
  };
  await receiveBody(request, authentication, body, refuse, limits);
}

function startDecoder(request: S3Request, authentication: Authentication): ChunkedDecoder | undefined {
  const { payloadHash, context, signature } = authentication;
  const encodings =
    request.headers
      .get('content-encoding')
      ?.toLowerCase()
      .split(/\s*,\s*/) ?? [];
  if (!payloadHash.startsWith('STREAMING-')) {
    if (encodings.includes('aws-chunked')) {
      throw new S3Error(
        'InvalidRequest',
        'An aws-chunked body needs an x-amz-content-sha256 that starts with STREAMING-.',
      );
    }
    return undefined;
  }
  const signed = payloadHash.startsWith('STREAMING-AWS4-HMAC-SHA256-PAYLOAD');
  return new ChunkedDecoder(
    signed ? { context, seedSignature: signature } : undefined,
    payloadHash.endsWith('-TRAILER'),
  );
}

async function* untilSilent(message: IncomingMessage, idleTimeoutMs: number): AsyncGenerator<Buffer> {
  const iterator: AsyncIterator<Buffer> = message.iterator({ destroyOnReturn: false });
  let giveUp: (error: S3Error) => void = () => {};
  const timer = setTimeout(() => giveUp(silent()), idleTimeoutMs);
  try {
    for (;;) {
      // A promise of its own for each wait: one for all would hold on to every piece until the body ends.
      const next = await new Promise<IteratorResult<Buffer>>((resolve, reject) => {
        giveUp = reject;
        iterator.next().then(resolve, reject);
      });
      if (next.done) return;
      yield next.value;
      // The sink may have been slow: only the sender's silence counts.
      timer.refresh();
    }
  } finally {
    clearTimeout(timer);
    // Lets go of the message without destroying it, so that the rest of a refused body can be drained. Not awaited:
    // after a silence it would wait for the sender.
    iterator.return?.().catch(() => {});
  }
}

function silent(): S3Error {
  return new S3Error(
    'RequestTimeout',
    'Your socket connection to the server was not read from or written to within the timeout period. Idle connections will be closed.',
  );
}

function wrongLength(declared: number): S3Error {
  return new S3Error('IncompleteBody', `The request body is not the ${declared} bytes that its headers declare.`);
}

function tooLarge(sizeBytes: number, maxBytes: number): S3Error {
  return new S3Error('EntityTooLarge', 'Your proposed upload exceeds the maximum allowed size', {
    ProposedSize: String(sizeBytes),
    MaxSizeAllowed: String(maxBytes),
  });
}
