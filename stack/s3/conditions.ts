// Conditional requests: If-Match and friends for reads and copies, If-None-Match: * and If-Match for writes and deletes.
// Order of evaluation as RFC 9110, section 13.2.2, and S3's notes to GetObject and CopyObject.

import type { S3Request } from './request.ts';
import { setting } from './request.ts';
import { notImplemented, S3Error } from './s3-error.ts';

export interface WriteCondition {
  /** Nothing may exist under the key. */
  readonly absent?: boolean;
  /** The current object must have this ETag (hex, no quotes), or just exist for `*`. */
  readonly etag?: string;
}

export interface Version {
  readonly etag: string;
  readonly lastModifiedMs: number;
}

/** @throws S3Error `NotImplemented` for an If-None-Match with an ETag, which S3 does not take on writes either. */
export function readWriteCondition(request: S3Request): WriteCondition | undefined {
  const match = request.headers.get('if-match');
  const noneMatch = request.headers.get('if-none-match');
  for (const name of ['if-modified-since', 'if-unmodified-since']) {
    if (request.headers.has(name)) throw notImplemented(`${name} on a write`);
  }
  if (match !== undefined && noneMatch !== undefined) throw notImplemented('If-Match together with If-None-Match');
  if (noneMatch !== undefined) {
    if (noneMatch !== '*') throw notImplemented('If-None-Match with anything but *');
    return { absent: true };
  }
  return match === undefined ? undefined : { etag: bare(match) };
}

/** @throws S3Error `PreconditionFailed`, or `NoSuchKey` for an If-Match on nothing. */
export function checkWrite(condition: WriteCondition, current: Version | undefined, key: string): void {
  if (condition.absent === true && current !== undefined) throw preconditionFailed('If-None-Match');
  if (condition.etag === undefined) return;
  if (current === undefined) throw new S3Error('NoSuchKey', 'The specified key does not exist.', { Key: key });
  if (condition.etag !== '*' && condition.etag !== current.etag) throw preconditionFailed('If-Match');
}

/**
 * For GET and HEAD with `prefix` '' and for a copy's source with `x-amz-copy-source-`.
 * @throws S3Error `PreconditionFailed`
 */
export function checkRead(
  request: S3Request,
  current: Version,
  prefix: '' | 'x-amz-copy-source-',
): 'ok' | 'not-modified' {
  const value = (name: string): string | undefined =>
    prefix === '' ? request.headers.get(name) : setting(request, `${prefix}${name}`);
  const match = value('if-match');
  const unmodifiedSinceMs = dateMs(value('if-unmodified-since'));
  if (match !== undefined) {
    if (!matches(match, current.etag)) throw preconditionFailed('If-Match');
  } else if (unmodifiedSinceMs !== undefined && wholeSeconds(current) > unmodifiedSinceMs) {
    throw preconditionFailed('If-Unmodified-Since');
  }
  const noneMatch = value('if-none-match');
  const modifiedSinceMs = dateMs(value('if-modified-since'));
  const unchanged =
    noneMatch === undefined
      ? modifiedSinceMs !== undefined && wholeSeconds(current) <= modifiedSinceMs
      : matches(noneMatch, current.etag);
  return unchanged ? 'not-modified' : 'ok';
}

export function preconditionFailed(condition: string): S3Error {
  return new S3Error('PreconditionFailed', 'At least one of the pre-conditions you specified did not hold', {
    Condition: condition,
  });
}

function matches(header: string, etag: string): boolean {
  return header.split(',').some((part) => part.trim() === '*' || bare(part.trim()) === etag);
}

function bare(etag: string): string {
  return etag.replace(/^"(.*)"$/, '$1');
}

/** A date that does not parse is ignored, as RFC 9110 asks. */
function dateMs(text: string | undefined): number | undefined {
  const ms = text === undefined ? Number.NaN : Date.parse(text);
  return Number.isNaN(ms) ? undefined : ms;
}

// HTTP dates have whole seconds.
function wholeSeconds(version: Version): number {
  return Math.floor(version.lastModifiedMs / 1000) * 1000;
}
