// Sends answers and errors over HTTP, and deals with what a sender still has to say after it was answered.

import type { IncomingMessage, ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import { isDiskFull, sayDiskFull } from '../full-disk.ts';
import { type RunningHash, startHash } from './checksum.ts';
import type { EventSource } from './event-feed.ts';
import type { FileBytes, S3Answer } from './exchange.ts';
import { S3Error } from './s3-error.ts';
import { renderXml } from './xml.ts';

const readAtOnceBytes = 64 * 1024;
const drainLimitBytes = 4 * 1024 * 1024;
const drainLimitMs = 2_000;

/** Writes an answer to the connection, a body in pieces; resolves when it is out. The end of a body leaves only once
 * the whole has been compared with its hash.
 * @throws S3Error `InternalError` for a stored body that is not what was written */
export async function sendAnswer(response: ServerResponse, answer: S3Answer, source: EventSource): Promise<void> {
  const { status, file, xml } = answer;
  const headers: Record<string, string> = { ...answer.headers, ...requestHeaders(source) };
  if (xml !== undefined) {
    headers['content-type'] = 'application/xml';
    headers['content-length'] = String(Buffer.byteLength(xml));
  }
  try {
    const small = file && file.lengthBytes <= readAtOnceBytes ? await readAtOnce(file) : undefined;
    response.writeHead(status, headers);
    if (file === undefined || small !== undefined) response.end(small ?? xml);
    else await pipeline(readInPieces(file), response);
  } finally {
    await file?.handle.close();
  }
}

async function readAtOnce(file: FileBytes): Promise<Buffer> {
  const { handle, lengthBytes } = file;
  const bytes = Buffer.alloc(lengthBytes);
  for (let done = 0; done < lengthBytes; ) {
    const { bytesRead } = await handle.read(bytes, done, lengthBytes - done, done);
    if (bytesRead === 0) throw new Error('a stored object ended early');
    done += bytesRead;
  }
  const hash = startHash('md5');
  hash.update(bytes);
  requireWhole(file, hash);
  return bytes;
}

/** Holds each piece back until the next is there: a reader never has all bytes of a damaged object. */
async function* readInPieces(file: FileBytes): AsyncGenerator<Buffer> {
  const hash = startHash('md5');
  let held: Buffer | undefined;
  for await (const piece of file.handle.createReadStream({ start: 0, end: file.lengthBytes - 1, autoClose: false })) {
    hash.update(piece);
    if (held !== undefined) yield held;
    held = piece;
  }
  requireWhole(file, hash);
  if (held !== undefined) yield held;
}

function requireWhole({ name, md5 }: FileBytes, hash: RunningHash): void {
  const found = hash.digest().toString('hex');
  if (found === md5) return;
  const message =
    `The stored object '${name}' is damaged: the MD5 of its bytes is ${found}, and was ${md5} when it was written. ` +
    'Put it again from a copy, or delete it.';
  console.error(`s3: ${message}`);
  throw new S3Error('InternalError', message);
}

/**
 * S3's XML error; 507 for a full disk. What else is no S3Error is a fault of ours: 500, with the details on standard
 * error only.
 * A sender that was never told to go on (`neverContinued`) need not send its body: that connection ends here.
 */
export function sendError(
  message: IncomingMessage,
  response: ServerResponse,
  error: unknown,
  source: EventSource,
  neverContinued: boolean,
): void {
  // The sender or the reader has gone: nothing is wrong here, and nobody is left to tell.
  if (message.errored !== null || (error as NodeJS.ErrnoException).code === 'ERR_STREAM_PREMATURE_CLOSE') return;
  let known: S3Error;
  if (error instanceof S3Error) known = error;
  else if (isDiskFull(error)) {
    sayDiskFull('Objects are read and not written.');
    known = new S3Error('InsufficientStorage', 'There is no space left on the disk of the embedded stack.');
  } else {
    console.error(`s3: request ${source.requestId} failed:`, error);
    known = new S3Error('InternalError', 'We encountered an internal error. Please try again.');
  }
  if (response.headersSent) {
    response.destroy();
    return;
  }
  const { code, details } = known;
  const content = { Code: code, Message: known.message, ...details, RequestId: source.requestId, HostId: source.id2 };
  const xml = message.method === 'HEAD' ? undefined : renderXml('Error', content, false);
  const headers: Record<string, string> = requestHeaders(source);
  if (xml !== undefined) {
    headers['content-type'] = 'application/xml';
    headers['content-length'] = String(Buffer.byteLength(xml));
  }
  if (neverContinued) headers['connection'] = 'close';
  response.writeHead(known.status, headers);
  response.end(xml);
}

/**
 * After an early refusal a sender may still be sending. To close at once could destroy the answer on its way (a reset
 * overtakes it), so the rest is read and thrown away; past a limit of bytes or time the connection goes.
 */
export function drainUnread(message: IncomingMessage): void {
  if (message.complete || message.destroyed) return;
  const { socket } = message;
  const timer = setTimeout(() => socket.destroy(), drainLimitMs);
  let bytes = 0;
  message.on('data', (piece: Buffer) => {
    bytes += piece.length;
    if (bytes > drainLimitBytes) socket.destroy();
  });
  message.on('error', () => {});
  message.once('end', () => clearTimeout(timer));
  message.once('close', () => clearTimeout(timer));
  message.resume();
}

function requestHeaders(source: EventSource): Record<string, string> {
  return { 'x-amz-request-id': source.requestId, 'x-amz-id-2': source.id2 };
}
