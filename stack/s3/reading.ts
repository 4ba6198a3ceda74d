// The operations that only read: ListObjectsV2, GetObject, HeadObject.

import type { FileHandle } from 'node:fs/promises';
import { checkRead } from './conditions.ts';
import type { Exchange, FileBytes, S3Answer, S3Service } from './exchange.ts';
import { listPage } from './list.ts';
import type { StoredMetadata } from './object-file.ts';
import { objectHeaders, versionHeaders } from './object-headers.ts';
import type { S3Request } from './request.ts';
import { S3Error } from './s3-error.ts';
import { encodeKeyAsForm } from './uri-encoding.ts';
import { renderXml, type XmlElement } from './xml.ts';

/** Answers ListObjectsV2.
 * @throws S3Error */
export async function listObjects(service: S3Service, { request }: Exchange): Promise<S3Answer> {
  const { query } = request;
  const index = service.store.index(request.bucket!);
  const encode = readEncoding(query.get('encoding-type'));
  const maxKeys = readMaxKeys(query.get('max-keys'));
  const prefix = query.get('prefix') ?? '';
  const delimiter = query.get('delimiter') || undefined;
  const startAfter = query.get('start-after');
  const continuationToken = query.get('continuation-token');
  const page = listPage(index, { prefix, delimiter, startAfter, continuationToken, maxKeys });
  const contents: XmlElement[] = page.contents.map((entry) => ({
    Key: encode(entry.key),
    LastModified: new Date(entry.lastModifiedMs).toISOString(),
    ETag: `"${entry.etag}"`,
    ChecksumAlgorithm: entry.checksumAlgorithm?.toUpperCase(),
    ChecksumType: entry.checksumAlgorithm === undefined ? undefined : 'FULL_OBJECT',
    Size: String(entry.sizeBytes),
    StorageClass: 'STANDARD',
  }));
  const xml = renderXml('ListBucketResult', {
    Name: request.bucket!,
    Prefix: encode(prefix),
    StartAfter: startAfter === undefined ? undefined : encode(startAfter),
    Delimiter: delimiter === undefined ? undefined : encode(delimiter),
    MaxKeys: String(maxKeys),
    EncodingType: query.get('encoding-type'),
    ContinuationToken: continuationToken,
    NextContinuationToken: page.nextContinuationToken,
    KeyCount: String(page.contents.length + page.commonPrefixes.length),
    IsTruncated: String(page.nextContinuationToken !== undefined),
    Contents: contents,
    CommonPrefixes: page.commonPrefixes.map((common) => ({ Prefix: encode(common) })),
  });
  return { status: 200, xml };
}

function readEncoding(text: string | undefined): (key: string) => string {
  if (text === undefined) return (key) => key;
  if (text === 'url') return encodeKeyAsForm;
  throw new S3Error('InvalidArgument', 'Invalid Encoding Method specified in Request', {
    ArgumentName: 'encoding-type',
    ArgumentValue: text,
  });
}

function readMaxKeys(text: string | undefined): number {
  if (text === undefined) return 1000;
  if (/^\d{1,10}$/.test(text) && Number(text) < 2 ** 31) return Number(text);
  throw new S3Error('InvalidArgument', 'Provided max-keys not an integer or within integer range', {
    ArgumentName: 'max-keys',
    ArgumentValue: text,
  });
}

/** Answers GetObject and HeadObject, conditions and ranges included.
 * @throws S3Error */
export async function getObject(service: S3Service, { request }: Exchange): Promise<S3Answer> {
  const { handle, metadata } = await find(service, request.bucket!, request.key!);
  try {
    if (checkRead(request, metadata) === 'not-modified') {
      await handle.close();
      return { status: 304, headers: versionHeaders(metadata) };
    }
    const headers = { ...objectHeaders(request, metadata), 'content-length': String(metadata.sizeBytes) };
    return { status: 200, headers, file: fileOf(request, handle, metadata) };
  } catch (error) {
    await handle.close();
    throw error;
  }
}

function fileOf({ bucket, key }: S3Request, handle: FileHandle, { sizeBytes, etag }: StoredMetadata): FileBytes {
  return { handle, lengthBytes: sizeBytes, md5: etag, name: `${bucket}/${key}` };
}

/** As GET, without the bytes. */
export async function headObject(service: S3Service, exchange: Exchange): Promise<S3Answer> {
  const { file, ...answer } = await getObject(service, exchange);
  await file?.handle.close();
  return answer;
}

/** @throws S3Error `NoSuchBucket`, `NoSuchKey` */
export async function find(service: S3Service, bucket: string, key: string) {
  const found = await service.store.read(bucket, key);
  if (found === undefined) throw new S3Error('NoSuchKey', 'The specified key does not exist.', { Key: key });
  return found;
}
