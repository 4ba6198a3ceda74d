// The descriptive headers of an object: taken from a write, kept with the object, given back on reads.

import type { StoredMetadata } from './object-file.ts';
import { amzSettings, type S3Request, setting } from './request.ts';
import { S3Error } from './s3-error.ts';

const keptHeaders = [
  'cache-control',
  'content-disposition',
  'content-encoding',
  'content-language',
  'content-type',
  'expires',
];
const maxUserMetadataBytes = 2048;
const defaultContentType = 'binary/octet-stream';

/** @throws S3Error `MetadataTooLarge` beyond S3's 2 KiB of names and values. */
export function describedBy(request: S3Request): Pick<StoredMetadata, 'headers' | 'userMetadata'> {
  const headers: Record<string, string> = { 'content-type': defaultContentType };
  for (const name of keptHeaders) {
    const value = name === 'content-encoding' ? contentEncoding(request) : request.headers.get(name);
    if (value !== undefined && value !== '') headers[name] = value;
  }
  const userMetadata: Record<string, string> = Object.create(null);
  let bytes = 0;
  for (const [name, value] of amzSettings(request)) {
    if (!name.startsWith('x-amz-meta-')) continue;
    userMetadata[name.slice('x-amz-meta-'.length)] = value;
    bytes += name.length - 'x-amz-meta-'.length + value.length;
  }
  if (bytes > maxUserMetadataBytes) {
    throw new S3Error('MetadataTooLarge', 'Your metadata headers exceed the maximum allowed metadata size', {
      Size: String(bytes),
      MaxSizeAllowed: String(maxUserMetadataBytes),
    });
  }
  return { headers, userMetadata };
}

/** aws-chunked describes the transfer, not the object. */
function contentEncoding(request: S3Request): string | undefined {
  return request.headers
    .get('content-encoding')
    ?.split(',')
    .map((part) => part.trim())
    .filter((part) => part.toLowerCase() !== 'aws-chunked')
    .join(',');
}

/** The headers that say which version of an object an answer is about. */
export function versionHeaders(metadata: StoredMetadata): Record<string, string> {
  return { etag: `"${metadata.etag}"`, 'last-modified': new Date(metadata.lastModifiedMs).toUTCString() };
}

/** Everything a GET or HEAD says of an object, but for its length. */
export function objectHeaders(request: S3Request, metadata: StoredMetadata): Record<string, string> {
  const headers: Record<string, string> = { ...metadata.headers, ...versionHeaders(metadata) };
  for (const [name, value] of Object.entries(metadata.userMetadata)) headers[`x-amz-meta-${name}`] = value;
  if (setting(request, 'x-amz-checksum-mode')?.toUpperCase() === 'ENABLED') {
    Object.assign(headers, checksumHeaders(metadata));
  }
  return headers;
}

/** The checksum headers of an object that was put with a checksum; none otherwise. */
export function checksumHeaders(metadata: Pick<StoredMetadata, 'checksum'>): Record<string, string> {
  if (metadata.checksum === undefined) return {};
  const { algorithm, base64 } = metadata.checksum;
  return { [`x-amz-checksum-${algorithm}`]: base64, 'x-amz-checksum-type': 'FULL_OBJECT' };
}
