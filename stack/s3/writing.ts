// The operations that change something: PutObject, DeleteObject. Each answers only once its change is durable, and only
// then tells of it.

import { receiveBody, receiveNothing } from './body.ts';
import { readWriteCondition } from './conditions.ts';
import type { Exchange, S3Answer, S3Service } from './exchange.ts';
import type { StoredMetadata } from './object-file.ts';
import { checksumHeaders, describedBy } from './object-headers.ts';

/** Answers PutObject: checked against what was signed and conditions, then stored whole or not at all.
 * @throws S3Error */
export async function putObject(service: S3Service, exchange: Exchange): Promise<S3Answer> {
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

/** Answers DeleteObject; an object that is not there is as good as deleted.
 * @throws S3Error */
export async function deleteObject(service: S3Service, exchange: Exchange): Promise<S3Answer> {
  const { request, source } = exchange;
  await receiveNothing(request, exchange.authentication, exchange.body, service.limits);
  const [bucket, key] = [request.bucket!, request.key!];
  const removed = await service.store.remove(bucket, key, readWriteCondition(request));
  if (removed !== undefined) {
    const { sequencer, timeMs } = removed;
    service.feed?.emit(
      { eventName: 'ObjectRemoved:Delete', bucket, key, timeMs, sequencer, object: undefined },
      source,
    );
  }
  return { status: 204 };
}

function tellCreated(service: S3Service, { source }: Exchange, bucket: string, stored: StoredMetadata): void {
  const { key, sequencer, sizeBytes, etag, lastModifiedMs: timeMs } = stored;
  const eventName = `ObjectCreated:${stored.event}` as const;
  service.feed?.emit({ eventName, bucket, key, timeMs, sequencer, object: { sizeBytes, etag } }, source);
}
