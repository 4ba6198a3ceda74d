// Which of S3's operations a request asks for, and whether everything it asks for with it is implemented here. A
// parameter or an x-amz-* setting outside an operation's list is answered 501: ignoring it would be a lie.

import { amzSettings, type S3Request } from './request.ts';
import { notImplemented, S3Error } from './s3-error.ts';

export const operationNames = [
  'ListBuckets',
  'HeadBucket',
  'ListObjectsV2',
  'DeleteObjects',
  'PutObject',
  'CopyObject',
  'GetObject',
  'HeadObject',
  'DeleteObject',
] as const;
export type OperationName = (typeof operationNames)[number];

/** `Unknown` for everything that is answered 501 or 405. */
export function operationOf(request: S3Request): OperationName | 'Unknown' {
  const { method, bucket, key, query, headers } = request;
  if (bucket === undefined) return method === 'GET' ? 'ListBuckets' : 'Unknown';
  if (key === undefined) {
    if (method === 'HEAD') return 'HeadBucket';
    if (method === 'GET' && query.get('list-type') === '2') return 'ListObjectsV2';
    if (method === 'POST' && query.has('delete')) return 'DeleteObjects';
    return 'Unknown';
  }
  if (method === 'PUT') return copySource(request, headers) === undefined ? 'PutObject' : 'CopyObject';
  if (method === 'GET') return 'GetObject';
  if (method === 'HEAD') return 'HeadObject';
  return method === 'DELETE' ? 'DeleteObject' : 'Unknown';
}

function copySource(request: S3Request, headers: ReadonlyMap<string, string>): string | undefined {
  return headers.get('x-amz-copy-source') ?? request.query.get('x-amz-copy-source');
}

const responseOverrides = [
  'response-cache-control',
  'response-content-disposition',
  'response-content-encoding',
  'response-content-language',
  'response-content-type',
  'response-expires',
];
const listParameters = [
  'list-type',
  'prefix',
  'delimiter',
  'start-after',
  'continuation-token',
  'max-keys',
  'encoding-type',
  'fetch-owner',
];

const parametersOf: Readonly<Record<OperationName, readonly string[]>> = {
  ListBuckets: [],
  HeadBucket: [],
  ListObjectsV2: listParameters,
  DeleteObjects: ['delete'],
  PutObject: [],
  CopyObject: [],
  GetObject: responseOverrides,
  HeadObject: responseOverrides,
  DeleteObject: [],
};

const everyRequest = [
  'x-amz-date',
  'x-amz-content-sha256',
  'x-amz-security-token',
  'x-amz-user-agent',
  'x-amz-decoded-content-length',
  'x-amz-trailer',
  'x-amz-sdk-checksum-algorithm',
  'x-amz-checksum-crc32',
  'x-amz-checksum-crc32c',
  'x-amz-checksum-crc64nvme',
  'x-amz-checksum-sha1',
  'x-amz-checksum-sha256',
];
const copySettings = [
  'x-amz-copy-source',
  'x-amz-copy-source-if-match',
  'x-amz-copy-source-if-none-match',
  'x-amz-copy-source-if-modified-since',
  'x-amz-copy-source-if-unmodified-since',
  'x-amz-metadata-directive',
  'x-amz-checksum-algorithm',
];

const settingsOf: Readonly<Record<OperationName, readonly string[]>> = {
  ListBuckets: [],
  HeadBucket: [],
  ListObjectsV2: [],
  DeleteObjects: [],
  PutObject: [],
  CopyObject: copySettings,
  GetObject: ['x-amz-checksum-mode'],
  HeadObject: ['x-amz-checksum-mode'],
  DeleteObject: [],
};

const presigning = /^X-Amz-(Algorithm|Credential|Date|Expires|SignedHeaders|Signature|Security-Token|Content-Sha256)$/;

/** @throws S3Error `NotImplemented`, or `MethodNotAllowed` where S3 itself has no such operation. */
export function requireImplemented(request: S3Request, name: OperationName | 'Unknown'): asserts name is OperationName {
  if (name === 'Unknown') {
    if (request.bucket === undefined || !['GET', 'HEAD', 'PUT', 'POST', 'DELETE'].includes(request.method)) {
      throw new S3Error('MethodNotAllowed', 'The specified method is not allowed against this resource.', {
        Method: request.method,
      });
    }
    const parameters = [...request.query.keys()].filter((parameter) => !presigning.test(parameter));
    throw notImplemented(
      `${request.method} of a ${request.key === undefined ? 'bucket' : 'key'}${parameters.length > 0 ? ` with ${parameters.join(', ')}` : ''}`,
    );
  }
  refuseHoistedChecksum(request);
  const parameters = parametersOf[name];
  for (const parameter of request.query.keys()) {
    const known = parameter === 'x-id' || presigning.test(parameter) || parameter.startsWith('x-amz-');
    if (!known && !parameters.includes(parameter)) throw notImplemented(`the parameter ${parameter} of ${name}`);
  }
  const writes = name === 'PutObject' || name === 'CopyObject';
  for (const [setting, value] of amzSettings(request)) {
    if (writes && setting.startsWith('x-amz-meta-')) continue;
    if (writes && setting === 'x-amz-storage-class' && value === 'STANDARD') continue;
    if (!everyRequest.includes(setting) && !settingsOf[name].includes(setting)) {
      throw notImplemented(`${setting} of ${name}`);
    }
  }
  if (request.headers.has('if-range')) throw notImplemented('If-Range');
}

/**
 * A checksum in a presigned URL's query is where SDKs put it by default, and where S3 does not verify it
 * (aws-sdk-go-v2 issue 2610). To verify it would hide that mistake until production, to ignore it would hide it for good.
 */
function refuseHoistedChecksum(request: S3Request): void {
  for (const parameter of request.query.keys()) {
    if (!/^x-amz-(checksum-(?!mode$)|sdk-checksum-|trailer$)/.test(parameter)) continue;
    throw notImplemented(`${parameter} in the query, which S3 does not verify; sign and send it as a header`);
  }
}
