// Conditional requests by ETag: If-Match and If-None-Match for reads, If-None-Match: * and If-Match for writes and
// deletes. Order of evaluation as RFC 9110, section 13.2.2. Conditions by date are answered 501 (operation.ts).

import type { S3Request } from './request.ts';
import { notImplemented, S3Error } from './s3-error.ts';

export interface PutCondition {
  /** Nothing may exist under the key. */
  readonly absent?: boolean;
  /** The current object must have this ETag (hex, no quotes), or just exist for `*`. */
  readonly etag?: string;
}

export interface Version {
  readonly etag: string;
}

/** @throws S3Error `NotImplemented` for an If-None-Match with an ETag, which S3 does not take on writes either. */
export function readWriteCondition(request: S3Request): PutCondition | undefined {
  const match = request.headers.get('if-match');
  const noneMatch = request.headers.get('if-none-match');
  if (match !== undefined && noneMatch !== undefined) throw notImplemented('If-Match together with If-None-Match');
  if (noneMatch !== undefined) {
    if (noneMatch !== '*') throw notImplemented('If-None-Match with anything but *');
    return { absent: true };
  }
  return match === undefined ? undefined : { etag: bare(match) };
}

/** @throws S3Error `PreconditionFailed`, or `NoSuchKey` for an If-Match on nothing. */
export function checkWrite(condition: PutCondition, current: Version | undefined, key: string): void {
  if (condition.absent === true && current !== undefined) throw preconditionFailed('If-None-Match');
  if (condition.etag === undefined) return;
  if (current === undefined) throw new S3Error('NoSuchKey', 'The specified key does not exist.', { Key: key });
  if (condition.etag !== '*' && condition.etag !== current.etag) throw preconditionFailed('If-Match');
}

/** For GET and HEAD. @throws S3Error `PreconditionFailed` */
export function checkRead(request: S3Request, current: Version): 'ok' | 'not-modified' {
  const match = request.headers.get('if-match');
  if (match !== undefined && !matches(match, current.etag)) throw preconditionFailed('If-Match');
  const noneMatch = request.headers.get('if-none-match');
  return noneMatch !== undefined && matches(noneMatch, current.etag) ? 'not-modified' : 'ok';
}

function preconditionFailed(condition: string): S3Error {
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
