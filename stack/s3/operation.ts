// Which of S3's operations a request asks for, and whether everything it asks for with it is implemented here. A
// parameter, a header or an x-amz-* setting outside an operation's list is answered 501: ignoring it would be a lie.
//
// What is here is what somebody uses: PutObject, GetObject, DeleteObject and ListObjectsV2 with If-Match and
// If-None-Match are the storage port; a presigned PUT is a device's upload; HeadObject, delimiter and encoding-type are
// what a person's `aws s3 ls` and `cp` ask of the state; user metadata and content headers are kept because they are
// part of what a stored object's file holds. Copies, deletes of many, lists and heads of buckets, ranges, conditions by
// date and overridden response headers nobody asks for: 501.

import { amzSettings, type S3Request } from './request.ts';
import { notImplemented, S3Error } from './s3-error.ts';

export const operationNames = ['ListObjectsV2', 'PutObject', 'GetObject', 'HeadObject', 'DeleteObject'] as const;
export type OperationName = (typeof operationNames)[number];

/** `Unknown` for everything that is answered 501 or 405. */
export function operationOf(request: S3Request): OperationName | 'Unknown' {
  const { method, bucket, key, query } = request;
  if (bucket === undefined) return 'Unknown';
  if (key === undefined) return method === 'GET' && query.get('list-type') === '2' ? 'ListObjectsV2' : 'Unknown';
  if (method === 'PUT') return 'PutObject';
  if (method === 'GET') return 'GetObject';
  if (method === 'HEAD') return 'HeadObject';
  return method === 'DELETE' ? 'DeleteObject' : 'Unknown';
}

const listParameters = [
  'list-type',
  'prefix',
  'delimiter',
  'start-after',
  'continuation-token',
  'max-keys',
  'encoding-type',
];

const everyRequest = [
  'x-amz-date',
  'x-amz-content-sha256',
  'x-amz-security-token',
  'x-amz-user-agent',
  'x-amz-decoded-content-length',
  'x-amz-trailer',
  'x-amz-sdk-checksum-algorithm',
  'x-amz-checksum-crc32',
  'x-amz-checksum-sha256',
];
const notHere = ['range', 'if-range', 'if-modified-since', 'if-unmodified-since'];

const presigning = /^X-Amz-(Algorithm|Credential|Date|Expires|SignedHeaders|Signature|Security-Token|Content-Sha256)$/;

/** @throws S3Error `NotImplemented`, or `MethodNotAllowed` where S3 itself has no such operation. */
export function requireImplemented(request: S3Request, name: OperationName | 'Unknown'): asserts name is OperationName {
  if (name === 'Unknown') {
    if (!['GET', 'HEAD', 'PUT', 'POST', 'DELETE'].includes(request.method)) {
      throw new S3Error('MethodNotAllowed', 'The specified method is not allowed against this resource.', {
        Method: request.method,
      });
    }
    const parameters = [...request.query.keys()].filter((parameter) => !presigning.test(parameter));
    throw notImplemented(
      `${request.method} of a ${request.bucket === undefined ? 'service' : request.key === undefined ? 'bucket' : 'key'}${parameters.length > 0 ? ` with ${parameters.join(', ')}` : ''}`,
    );
  }
  refuseHoistedChecksum(request);
  const parameters = name === 'ListObjectsV2' ? listParameters : [];
  for (const parameter of request.query.keys()) {
    const known = parameter === 'x-id' || presigning.test(parameter) || parameter.startsWith('x-amz-');
    if (!known && !parameters.includes(parameter)) throw notImplemented(`the parameter ${parameter} of ${name}`);
  }
  const writes = name === 'PutObject';
  const reads = name === 'GetObject' || name === 'HeadObject';
  for (const [setting, value] of amzSettings(request)) {
    if (writes && setting.startsWith('x-amz-meta-')) continue;
    if (writes && setting === 'x-amz-storage-class' && value === 'STANDARD') continue;
    if (reads && setting === 'x-amz-checksum-mode') continue;
    if (!everyRequest.includes(setting)) throw notImplemented(`${setting} of ${name}`);
  }
  const header = notHere.find((each) => request.headers.has(each));
  if (header !== undefined) throw notImplemented(`the header ${header}`);
}

/**
 * A checksum in a presigned URL's query is where SDKs put it by default, and where S3 does not verify it
 * (aws-sdk-go-v2 issue 2610). To verify it would hide that mistake until production, to ignore it would hide it for
 * good.
 */
function refuseHoistedChecksum(request: S3Request): void {
  for (const parameter of request.query.keys()) {
    if (!/^x-amz-(checksum-(?!mode$)|sdk-checksum-|trailer$)/.test(parameter)) continue;
    throw notImplemented(`${parameter} in the query, which S3 does not verify; sign and send it as a header`);
  }
}
