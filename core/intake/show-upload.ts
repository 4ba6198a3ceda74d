// Use case: how an upload stands. A device sees its own only; to it, those of others are not there.

import type { Caller } from '#core/access/token.ts';
import { DomainError } from '#core/errors.ts';
import type { Store } from '#core/store/store.ts';
import { readJson } from '#core/store/stored-json.ts';
import { uploadKey } from './keys.ts';
import { type UploadRecord, uploadRecordSchema } from './upload-record.ts';

/** @throws DomainError `not-found` */
export async function showUpload(store: Store, caller: Caller, uploadId: string): Promise<UploadRecord> {
  const stored = /^[0-9a-f]{32}$/.test(uploadId)
    ? await readJson(store, uploadKey(uploadId), uploadRecordSchema)
    : undefined;
  const mine = stored && (caller.role === 'operator' || caller.deviceId === stored.value.deviceId);
  if (!mine) throw new DomainError('not-found', `upload '${uploadId.slice(0, 64)}' not found`);
  return stored.value;
}
