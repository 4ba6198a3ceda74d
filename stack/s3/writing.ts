// The operations that change something: PutObject, CopyObject, DeleteObject, DeleteObjects. Each answers only once its
// change is durable, and only then tells of it.

import { type ByteSink, receiveBody, receiveNothing } from './body.ts';
import { type ChecksumAlgorithm, checksumAlgorithms, startChecksum, startHash } from './checksum.ts';
import { checkRead, preconditionFailed, readWriteCondition, type WriteCondition } from './conditions.ts';
import type { Answer, Exchange, Service } from './exchange.ts';
import { readPromises } from './integrity.ts';
import type { StoredMetadata } from './object-file.ts';
import { checksumHeaders, describedBy } from './object-headers.ts';
import { find } from './reading.ts';
import { type S3Request, setting } from './request.ts';
import { S3Error } from './s3-error.ts';
import { decodePercent } from './uri-encoding.ts';
import { parseDelete, renderXml, type XmlElement } from './xml.ts';

const maxDeleteBytes = 4 * 1024 * 1024;

export async function putObject(service: Service, exchange: Exchange): Promise<Answer> {
  const { request, authentication, body } = exchange;
  const { store, limits } = service;
  const bucket = request.bucket!;
  const key = request.key!;
  store.index(bucket);
  const condition = readWriteCondition(request);
  const described = describedBy(request);
  const pending = await store.startWrite();
  try {
    const received = await receiveBody(request, authentication, body, pending, limits);
    const { sizeBytes, md5: etag, checksum } = received;
    const metadata = { ...described, sizeBytes, etag, checksum, event: 'Put' as const };
    const stored = await store.commit(bucket, key, pending, metadata, condition);
    tellCreated(service, exchange, bucket, stored);
    return { status: 200, headers: { etag: `"${etag}"`, ...checksumHeaders(stored) } };
  } finally {
    await pending.discard();
  }
}

export async function copyObject(service: Service, exchange: Exchange): Promise<Answer> {
  const { request } = exchange;
  const bucket = request.bucket!;
  const key = request.key!;
  service.store.index(bucket);
  await receiveNothing(request, exchange.authentication, exchange.body, service.limits);
  const from = readCopySource(request);
  const replace = readDirective(request);
  if (from.bucket === bucket && from.key === key && !replace) {
    throw new S3Error(
      'InvalidRequest',
      "This copy request is illegal because it is trying to copy an object to itself without changing the object's metadata, storage class, website redirect location or encryption attributes.",
    );
  }
  const condition = readWriteCondition(request);
  const described = replace ? describedBy(request) : undefined;
  const { handle, metadata: source } = await find(service, from.bucket, from.key);
  try {
    if (checkRead(request, source, 'x-amz-copy-source-') === 'not-modified')
      throw preconditionFailed('x-amz-copy-source');
    const algorithm = readCopyChecksum(request) ?? source.checksum?.algorithm;
    const pending = await service.store.startWrite();
    try {
      const md5 = startHash('md5');
      const hash = algorithm === undefined ? undefined : startChecksum(algorithm);
      if (source.sizeBytes > 0) {
        const stream = handle.createReadStream({ start: 0, end: source.sizeBytes - 1, autoClose: false });
        for await (const bytes of stream as AsyncIterable<Buffer>) {
          md5.update(bytes);
          hash?.update(bytes);
          await pending.write(bytes);
        }
      }
      const stored = await service.store.commit(
        bucket,
        key,
        pending,
        {
          headers: described?.headers ?? source.headers,
          userMetadata: described?.userMetadata ?? source.userMetadata,
          sizeBytes: source.sizeBytes,
          etag: md5.digest().toString('hex'),
          checksum:
            algorithm === undefined || hash === undefined
              ? undefined
              : { algorithm, base64: hash.digest().toString('base64') },
          event: 'Copy',
        },
        condition,
      );
      tellCreated(service, exchange, bucket, stored);
      return { status: 200, xml: copyResult(stored) };
    } finally {
      await pending.discard();
    }
  } finally {
    await handle.close();
  }
}

function copyResult(stored: StoredMetadata): string {
  const checksum: XmlElement =
    stored.checksum === undefined
      ? {}
      : { ChecksumType: 'FULL_OBJECT', [`Checksum${stored.checksum.algorithm.toUpperCase()}`]: stored.checksum.base64 };
  const LastModified = new Date(stored.lastModifiedMs).toISOString();
  return renderXml('CopyObjectResult', { LastModified, ETag: `"${stored.etag}"`, ...checksum });
}

function readCopySource(request: S3Request): { bucket: string; key: string } {
  const text = setting(request, 'x-amz-copy-source')!;
  if (text.includes('?')) {
    throw new S3Error(
      'NotImplemented',
      'A header you provided implies functionality that is not implemented: a version in x-amz-copy-source',
    );
  }
  const decoded = decodePercent(text.startsWith('/') ? text.slice(1) : text);
  const slash = decoded.indexOf('/');
  const key = decoded.slice(slash + 1);
  if (slash < 1 || key === '') {
    throw new S3Error('InvalidArgument', 'Copy Source must mention the source bucket and key: sourcebucket/sourcekey', {
      ArgumentName: 'x-amz-copy-source',
    });
  }
  return { bucket: decoded.slice(0, slash), key };
}

function readDirective(request: S3Request): boolean {
  const directive = setting(request, 'x-amz-metadata-directive') ?? 'COPY';
  if (directive !== 'COPY' && directive !== 'REPLACE') {
    throw new S3Error('InvalidArgument', 'Unknown metadata directive.', { ArgumentValue: directive });
  }
  return directive === 'REPLACE';
}

function readCopyChecksum(request: S3Request): ChecksumAlgorithm | undefined {
  const text = setting(request, 'x-amz-checksum-algorithm')?.toLowerCase();
  if (text === undefined) return undefined;
  const algorithm = checksumAlgorithms.find((name) => name === text);
  if (algorithm === undefined) throw new S3Error('InvalidRequest', 'Checksum algorithm provided is unsupported.');
  return algorithm;
}

export async function deleteObject(service: Service, exchange: Exchange): Promise<Answer> {
  const { request } = exchange;
  await receiveNothing(request, exchange.authentication, exchange.body, service.limits);
  await removeOne(service, exchange, request.bucket!, request.key!, readWriteCondition(request));
  return { status: 204 };
}

export async function deleteObjects(service: Service, exchange: Exchange): Promise<Answer> {
  const { request, authentication, body } = exchange;
  const bucket = request.bucket!;
  service.store.index(bucket);
  const promised = readPromises(request, authentication.payloadHash);
  if (promised.md5 === undefined && promised.checksum === undefined) {
    throw new S3Error('InvalidRequest', 'Missing required header for this request: Content-MD5 OR x-amz-checksum-*');
  }
  const pieces: Buffer[] = [];
  const sink: ByteSink = {
    write: async (bytes) => {
      pieces.push(bytes);
    },
  };
  await receiveBody(request, authentication, body, sink, { ...service.limits, maxBytes: maxDeleteBytes });
  const { quiet, objects } = parseDelete(Buffer.concat(pieces));
  const deleted: XmlElement[] = [];
  const errors: XmlElement[] = [];
  for (const { key, etag } of objects) {
    try {
      await removeOne(
        service,
        exchange,
        bucket,
        key,
        etag === undefined ? undefined : { etag: etag.replaceAll('"', '') },
      );
      deleted.push({ Key: key });
    } catch (error) {
      if (!(error instanceof S3Error)) throw error;
      errors.push({ Key: key, Code: error.code, Message: error.message });
    }
  }
  return { status: 200, xml: renderXml('DeleteResult', { Deleted: quiet ? [] : deleted, Error: errors }) };
}

async function removeOne(
  service: Service,
  { source }: Exchange,
  bucket: string,
  key: string,
  condition: WriteCondition | undefined,
): Promise<void> {
  const removed = await service.store.remove(bucket, key, condition);
  if (removed === undefined) return;
  const { sequencer, timeMs } = removed;
  service.feed?.emit({ eventName: 'ObjectRemoved:Delete', bucket, key, timeMs, sequencer, object: undefined }, source);
}

function tellCreated(service: Service, { source }: Exchange, bucket: string, stored: StoredMetadata): void {
  const { key, sequencer, sizeBytes, etag, lastModifiedMs: timeMs } = stored;
  const eventName = `ObjectCreated:${stored.event}` as const;
  service.feed?.emit({ eventName, bucket, key, timeMs, sequencer, object: { sizeBytes, etag } }, source);
}
