// Use case: a device announces a profile and gets a place to put it, which takes exactly these bytes and only once.
import { createHash } from 'node:crypto';
import { DomainError } from '#core/errors.ts';
import type { RandomBytes } from '#core/random.ts';
import { searchSpace as searchSpaceOf } from '#core/search-space/registry.ts';
import { putJsonIfAbsent } from '#core/store/put-if-absent.ts';
import type { Store } from '#core/store/store.ts';
import { readJson } from '#core/store/stored-json.ts';
import { uploadLimits } from './acceptance.ts';
import { incomingKey, uploadKey, uploadQuotaPrefix } from './keys.ts';
import { type UploadRecord, uploadRecordSchema } from './upload-record.ts';

/** What the uploads bucket is to insist on. */
export interface PlaceRequest {
  /** In the uploads bucket. */
  readonly key: string;
  readonly sizeBytes: number;
  /** Hex. */
  readonly sha256: string;
  readonly validForS: number;
}

/** What registering needs of its surroundings. A `Place` is whatever tells the device how to put its bytes there. */
export interface RegisterUploadDependencies<Place> {
  readonly store: Store;
  readonly openPlace: (request: PlaceRequest) => Promise<Place>;
  readonly randomBytes: RandomBytes;
  /** Uploads that one device may register on a day (UTC). */
  readonly dailyQuota: number;
  /** How long the place stays open. */
  readonly validForS: number;
}

export interface RegisterUploadRequest {
  readonly deviceId: string;
  /** The only one that the profile may be of; left out: it says so itself, and may be of several. */
  readonly searchSpace?: string | undefined;
  readonly sizeBytes: number;
  /** Lower-case hex. */
  readonly sha256: string;
  readonly idempotencyKey?: string | undefined;
  /** ms since the epoch. */
  readonly now: number;
}

export interface RegisteredUpload<Place> {
  readonly upload: UploadRecord;
  /** Also where the upload was registered before with the same idempotency key: what was put stays, and putting again
   * is refused. */
  readonly place: Place;
  /** When the place closes, ISO 8601. */
  readonly expiresAt: string;
}

/** @throws DomainError `unknown-search-space`; `invalid-request` for a size out of range; `quota-exceeded`; `conflict`
 * when the idempotency key was used for another upload */
export async function registerUpload<Place>(
  dependencies: RegisterUploadDependencies<Place>,
  request: RegisterUploadRequest,
): Promise<RegisteredUpload<Place>> {
  const searchSpace = request.searchSpace === undefined ? undefined : searchSpaceOf(request.searchSpace).id;
  const { deviceId, sizeBytes, sha256, idempotencyKey, now } = request;
  if (sizeBytes < 1 || sizeBytes > uploadLimits.compressedBytes) {
    const message = `sizeBytes is ${sizeBytes}; allowed: 1 to ${uploadLimits.compressedBytes}`;
    throw new DomainError('invalid-request', message, { issues: [{ path: 'sizeBytes', message }] });
  }
  const uploadId = uploadIdOf(dependencies, request);
  const wanted: UploadRecord = {
    uploadId,
    deviceId,
    ...(searchSpace !== undefined && { searchSpace }),
    sizeBytes,
    sha256,
    registeredAt: new Date(now).toISOString(),
    status: 'waiting',
  };
  const upload =
    (idempotencyKey === undefined ? undefined : await registeredBefore(dependencies.store, wanted)) ??
    (await registerNew(dependencies, wanted));
  const { openPlace, validForS } = dependencies;
  const key = incomingKey(deviceId, upload.uploadId);
  const place = await openPlace({ key, sizeBytes: upload.sizeBytes, sha256: upload.sha256, validForS });
  return { upload, place, expiresAt: new Date(now + validForS * 1000).toISOString() };
}

function uploadIdOf(
  { randomBytes }: Pick<RegisterUploadDependencies<unknown>, 'randomBytes'>,
  { deviceId, idempotencyKey }: RegisterUploadRequest,
): string {
  if (idempotencyKey === undefined) return Buffer.from(randomBytes(16)).toString('hex');
  return createHash('sha256').update(`${deviceId}\n${idempotencyKey}`).digest('hex').slice(0, 32);
}

/** Marks first and counts then: of any number at once, no more than the quota see a count within it. */
type Quota = Pick<RegisterUploadDependencies<unknown>, 'store' | 'dailyQuota'>;

async function withinQuota({ store, dailyQuota }: Quota, upload: UploadRecord): Promise<void> {
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
    const [before, now] = [stored?.[field], wanted[field]];
    // An agent that was updated in between no longer says the search space.
    if (before === undefined || now === undefined || before === now) continue;
    const message = `was used for an upload with another ${field} (${before})`;
    const issues = [{ path: 'idempotencyKey', message }];
    throw new DomainError('conflict', `the idempotency key ${message}`, { issues });
  }
  return stored;
}

async function registerNew(dependencies: Quota, wanted: UploadRecord): Promise<UploadRecord> {
  await withinQuota(dependencies, wanted);
  if (await putJsonIfAbsent(dependencies.store, uploadKey(wanted.uploadId), wanted)) return wanted;
  // The same request at the same time was quicker.
  const stored = await registeredBefore(dependencies.store, wanted);
  if (stored !== undefined) return stored;
  throw new DomainError('precondition-failed', `upload '${wanted.uploadId}' is being registered by another request`);
}
