// From the body of an API Gateway event to JSON: base64, gzip, size limit, UTF-8, in this order.
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { DomainError } from '#core/errors.ts';

/** Bytes of JSON after decoding. Lambda takes events of up to 6 MB, and 20,000 of the longest architectures are 4
 * MB. */
export const largestBodyBytes = 5 * 2 ** 20;

export interface EncodedBody {
  readonly body?: string | undefined;
  readonly isBase64Encoded: boolean;
  /** By lower-case name. */
  readonly headers: Readonly<Record<string, string | undefined>>;
}

const inflate = promisify(gunzip);

/** @throws DomainError `invalid-request`, `body-too-large`, `unsupported-encoding` */
export async function decodeJsonBody(event: EncodedBody): Promise<unknown> {
  const bytes = await decompress(event, Buffer.from(event.body ?? '', event.isBase64Encoded ? 'base64' : 'utf8'));
  if (bytes.length === 0) throw invalid('the body is empty; send a JSON object');
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

async function decompress({ headers }: EncodedBody, bytes: Buffer): Promise<Buffer> {
  const encoding = headers['content-encoding']?.trim().toLowerCase() ?? 'identity';
  if (encoding === 'identity' || encoding === '') return withinLimit(bytes);
  if (encoding !== 'gzip') {
    throw new DomainError(
      'unsupported-encoding',
      `content-encoding '${encoding.slice(0, 40)}'; allowed: gzip, identity`,
    );
  }
  try {
    return await inflate(withinLimit(bytes), { maxOutputLength: largestBodyBytes });
  } catch (cause) {
    if (cause instanceof DomainError) throw cause;
    if ((cause as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') throw tooLarge('expands to more');
    throw invalid('the body is not valid gzip, which content-encoding says it is', cause);
  }
}

function withinLimit(bytes: Buffer): Buffer {
  if (bytes.length > largestBodyBytes) throw tooLarge(`has ${bytes.length} bytes`);
  return bytes;
}

function tooLarge(what: string): DomainError {
  return new DomainError('body-too-large', `the body ${what}; at most ${largestBodyBytes} bytes: split the request`);
}

function invalid(message: string, cause?: unknown): DomainError {
  return new DomainError('invalid-request', message, { issues: [{ path: '', message }], cause });
}
