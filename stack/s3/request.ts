// What a request line and its headers say, in S3's words: bucket, key, query, headers. Path-style addresses only.
// Nothing here is trusted yet: the signature is checked by authentication.ts over exactly these parts.

import type { IncomingMessage } from 'node:http';
import { S3Error } from './s3-error.ts';
import { decodePercent } from './uri-encoding.ts';

const maxKeyBytes = 1024;

export interface S3Request {
  readonly method: string;
  /** The decoded path, bucket and key included: what is signed. */
  readonly path: string;
  /** Absent for the service itself (`/`). */
  readonly bucket: string | undefined;
  /** Absent for a bucket's own address. Any Unicode, 1 to 1,024 bytes of UTF-8. */
  readonly key: string | undefined;
  /** Decoded; names keep their case. */
  readonly query: ReadonlyMap<string, string>;
  /** Lower-case names; values as received (Latin-1), trimmed. */
  readonly headers: ReadonlyMap<string, string>;
}

/** @throws S3Error `InvalidURI`, `KeyTooLongError` or `InvalidRequest` (a header or parameter given twice). */
export function parseRequest(message: IncomingMessage): S3Request {
  const target = message.url ?? '';
  if (!target.startsWith('/')) {
    throw new S3Error('InvalidURI', 'The request target must be a path that starts with a slash.');
  }
  const mark = target.indexOf('?');
  const path = mark === -1 ? target : target.slice(0, mark);
  const slash = path.indexOf('/', 1);
  const bucket = decodePercent(slash === -1 ? path.slice(1) : path.slice(1, slash));
  const key = slash === -1 ? '' : decodePercent(path.slice(slash + 1));
  if (bucket === '' && key !== '') {
    throw new S3Error('InvalidBucketName', 'The specified bucket is not valid.', { BucketName: bucket });
  }
  const keyBytes = Buffer.byteLength(key);
  if (keyBytes > maxKeyBytes) {
    throw new S3Error('KeyTooLongError', 'Your key is too long', {
      Size: String(keyBytes),
      MaxSizeAllowed: String(maxKeyBytes),
    });
  }
  return {
    method: message.method ?? '',
    path: decodePercent(path),
    bucket: bucket === '' ? undefined : bucket,
    key: key === '' ? undefined : key,
    query: parseQuery(mark === -1 ? '' : target.slice(mark + 1)),
    headers: parseHeaders(message.rawHeaders),
  };
}

function parseQuery(text: string): Map<string, string> {
  const query = new Map<string, string>();
  for (const part of text.split('&')) {
    if (part === '') continue;
    const equals = part.indexOf('=');
    const name = decodePercent((equals === -1 ? part : part.slice(0, equals)).replaceAll('+', ' '));
    const value = equals === -1 ? '' : decodePercent(part.slice(equals + 1).replaceAll('+', ' '));
    if (query.has(name)) {
      throw new S3Error('InvalidRequest', `The query parameter '${name}' is given more than once.`);
    }
    query.set(name, value);
  }
  return query;
}

// Headers that decide what happens must be unambiguous; others (Accept, Via, ...) may repeat.
const singular = /^(x-amz-|content-|if-|authorization$|host$|range$|expect$|date$|cache-control$|expires$)/;

function parseHeaders(raw: readonly string[]): Map<string, string> {
  const headers = new Map<string, string>();
  for (let index = 0; index + 1 < raw.length; index += 2) {
    const name = raw[index]!.toLowerCase();
    const value = raw[index + 1]!.trim();
    const before = headers.get(name);
    if (before !== undefined && singular.test(name)) {
      throw new S3Error('InvalidRequest', `The header '${name}' is given more than once.`);
    }
    headers.set(name, before === undefined ? value : `${before},${value}`);
  }
  return headers;
}

/**
 * A request setting that a presigned URL may carry in its query instead of a header (`x-amz-*` only): the header first.
 * Both are covered by the signature.
 */
export function setting(request: S3Request, name: string): string | undefined {
  return request.headers.get(name) ?? (name.startsWith('x-amz-') ? request.query.get(name) : undefined);
}

/** All `x-amz-*` settings of a request, from headers and from a presigned URL's query, names in lower case. */
export function amzSettings(request: S3Request): Map<string, string> {
  const settings = new Map<string, string>();
  for (const [name, value] of request.query) {
    if (name.startsWith('x-amz-')) settings.set(name, value);
  }
  for (const [name, value] of request.headers) {
    if (name.startsWith('x-amz-')) settings.set(name, value);
  }
  return settings;
}
