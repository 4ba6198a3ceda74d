// Use case: a device announces a profile and gets a place to put it, which takes exactly these bytes and only once.
import { createHash, randomBytes } from 'node:crypto';
import { uploadLimits } from '#core/dataset/acceptance.ts';
import { DomainError } from '#core/errors.ts';
import { searchSpace as searchSpaceOf } from '#core/search-space/registry.ts';
import { incomingKey, uploadKey, uploadQuotaPrefix } from '#core/store/keys.ts';
import type { Store } from '#core/store/store.ts';
import { isPreconditionFailed, readJson, writeJson } from '#core/store/stored-json.ts';
import { type UploadRecord, uploadRecordSchema } from './upload-record.ts';

/** What S3 is asked to insist on. */
export interface SignRequest {
  /** In the uploads bucket. */
  readonly key: string;
  readonly sizeBytes: number;
  /** Hex. */
  readonly sha256: string;
  readonly validForS: number;
}

/** A request as it has to be made, to the letter. */
export interface SignedPut {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
}

export type SignUpload = (request: SignRequest) => Promise<SignedPut>;

export interface RegisterUploadDependencies {
  readonly store: Store;
  readonly sign: SignUpload;
  /** Uploads that one device may register on a day (UTC). */
  readonly dailyQuota: number;
  /** How long the place stays open. */
  readonly validForS: number;
}

export interface RegisterUploadRequest {
  readonly deviceId: string;
  readonly searchSpace: string;
  readonly sizeBytes: number;
  /** Lower-case hex. */
  readonly sha256: string;
  readonly idempotencyKey?: string | undefined;
  /** ms since the epoch. */
  readonly now: number;
}

export interface RegisteredUpload {
  readonly upload: UploadRecord;
  /** Also where the upload was registered before with the same idempotency key: what was put stays, and putting again
   * is refused. */
  readonly put: SignedPut & { readonly method: 'PUT'; readonly expiresAt: string };
}

/** @throws DomainError `unknown-search-space`; `invalid-request` for a size out of range; `quota-exceeded`; `conflict`
 * when the idempotency key was used for another upload */
export async function registerUpload(
  dependencies: RegisterUploadDependencies,
  request: RegisterUploadRequest,
): Promise<RegisteredUpload> {
  const searchSpace = searchSpaceOf(request.searchSpace).id;
  const { deviceId, sizeBytes, sha256, idempotencyKey, now } = request;
  if (sizeBytes < 1 || sizeBytes > uploadLimits.compressedBytes) {
    const message = `sizeBytes is ${sizeBytes}; allowed: 1 to ${uploadLimits.compressedBytes}`;
    throw new DomainError('invalid-request', message, { issues: [{ path: 'sizeBytes', message }] });
  }
  const uploadId = uploadIdOf(deviceId, idempotencyKey);
  const wanted: UploadRecord = {
    uploadId,
    deviceId,
    searchSpace,
    sizeBytes,
    sha256,
    registeredAt: new Date(now).toISOString(),
    status: 'waiting',
  };
  const upload =
    (idempotencyKey === undefined ? undefined : await registeredBefore(dependencies.store, wanted)) ??
    (await registerNew(dependencies, wanted));
  return { upload, put: await placeFor(dependencies, upload, now) };
}

function uploadIdOf(deviceId: string, idempotencyKey: string | undefined): string {
  if (idempotencyKey === undefined) return randomBytes(16).toString('hex');
  return createHash('sha256').update(`${deviceId}\n${idempotencyKey}`).digest('hex').slice(0, 32);
}

/** Marks first and counts then: of any number at once, no more than the quota see a count within it. */
async function withinQuota({ store, dailyQuota }: RegisterUploadDependencies, upload: UploadRecord): Promise<void> {
  const prefix = uploadQuotaPrefix(upload.deviceId, upload.registeredAt.slice(0, 10));
  const mark = `${prefix}${upload.uploadId}`;
  await store.put(mark, new Uint8Array());
  let count = 0;
  for await (const _ of store.list(prefix)) if (++count > dailyQuota) break;
  if (count <= dailyQuota) return;
  await store.delete(mark);
  throw new DomainError(
    'quota-exceeded',
    `device '${upload.deviceId}' has registered its ${dailyQuota} uploads of today`,
  );
}

/** @throws DomainError `conflict` when what was registered is not what is wanted */
async function registeredBefore(store: Store, wanted: UploadRecord): Promise<UploadRecord | undefined> {
  const stored = (await readJson(store, uploadKey(wanted.uploadId), uploadRecordSchema))?.value;
  for (const field of ['searchSpace', 'sizeBytes', 'sha256'] as const) {
    if (stored === undefined || stored[field] === wanted[field]) continue;
    const message = `was used for an upload with another ${field} (${stored[field]})`;
    const issues = [{ path: 'headers/idempotency-key', message }];
    throw new DomainError('conflict', `the idempotency key ${message}`, { issues });
  }
  return stored;
}

async function registerNew(dependencies: RegisterUploadDependencies, wanted: UploadRecord): Promise<UploadRecord> {
  await withinQuota(dependencies, wanted);
  try {
    await writeJson(dependencies.store, uploadKey(wanted.uploadId), wanted, { ifNoneMatch: '*' });
    return wanted;
  } catch (error) {
    // The same request at the same time was quicker.
    const stored = isPreconditionFailed(error) ? await registeredBefore(dependencies.store, wanted) : undefined;
    if (stored === undefined) throw error;
    return stored;
  }
}

async function placeFor(
  { sign, validForS }: RegisterUploadDependencies,
  { deviceId, uploadId, sizeBytes, sha256 }: UploadRecord,
  now: number,
): Promise<RegisteredUpload['put']> {
  const signed = await sign({ key: incomingKey(deviceId, uploadId), sizeBytes, sha256, validForS });
  return { method: 'PUT', ...signed, expiresAt: new Date(now + validForS * 1000).toISOString() };
}
