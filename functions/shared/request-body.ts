// From the body of an API Gateway event to JSON: base64, gzip, size limit, UTF-8, in this order. What would be built of
// it is counted before: a few kilobytes of gzip hold millions of numbers.
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { type RequestBodyLimits, smallBody } from '#contract/operation.ts';
import { DomainError } from '#core/errors.ts';
import { jsonExcess } from '#core/intake/bounded-json.ts';

export interface EncodedBody {
  readonly body?: string | undefined;
  readonly isBase64Encoded: boolean;
  /** By lower-case name. */
  readonly headers: Readonly<Record<string, string | undefined>>;
}

const inflate = promisify(gunzip);

/** @throws DomainError `invalid-request`, `body-too-large`, `unsupported-encoding` */
export async function decodeJsonBody(event: EncodedBody, limits: RequestBodyLimits = smallBody): Promise<unknown> {
  const bytes = await decompress(
    event,
    limits.bytes,
    Buffer.from(event.body ?? '', event.isBase64Encoded ? 'base64' : 'utf8'),
  );
  if (bytes.length === 0) throw invalid('the body is empty; send a JSON object');
  const excess = jsonExcess(bytes, limits);
  if (excess !== undefined) throw invalid(`the body has ${excess}, which is more than the request takes`);
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw invalid('the body is not UTF-8', cause);
  }
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw invalid(`the body is not JSON: ${(cause as SyntaxError).message}`, cause);
  }
}

async function decompress({ headers }: EncodedBody, mostBytes: number, bytes: Buffer): Promise<Buffer> {
  const encoding = headers['content-encoding']?.trim().toLowerCase() ?? 'identity';
  if (encoding === 'identity' || encoding === '') return withinLimit(bytes, mostBytes);
  if (encoding !== 'gzip') {
    throw new DomainError(
      'unsupported-encoding',
      `content-encoding '${encoding.slice(0, 40)}'; allowed: gzip, identity`,
    );
  }
  try {
    return await inflate(withinLimit(bytes, mostBytes), { maxOutputLength: mostBytes });
  } catch (cause) {
    if (cause instanceof DomainError) throw cause;
    if ((cause as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') throw tooLarge('expands to more', mostBytes);
    throw invalid('the body is not valid gzip, which content-encoding says it is', cause);
  }
}

function withinLimit(bytes: Buffer, mostBytes: number): Buffer {
  if (bytes.length > mostBytes) throw tooLarge(`has ${bytes.length} bytes`, mostBytes);
  return bytes;
}

function tooLarge(what: string, mostBytes: number): DomainError {
  return new DomainError('body-too-large', `the body ${what}; at most ${mostBytes} bytes: split the request`);
}

function invalid(message: string, cause?: unknown): DomainError {
  return new DomainError('invalid-request', message, { issues: [{ path: '', message }], cause });
}
