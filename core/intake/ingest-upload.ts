// Use case: an uploaded object becomes part of the dataset, or is quarantined with a reason. Every step can be
// repeated, cut off anywhere and done twice at once; the upload's record is written last, so that a record that is
// finished means that everything is.

import { type DeviceRecord, deviceRecordSchema } from '#core/access/device-record.ts';
import { deviceKey } from '#core/access/keys.ts';
import { maxModels, maxValues, maxValuesOfDevice, maxWorkloads } from '#core/dataset/target-data.ts';
import type { Predictor } from '#core/predictor/types.ts';
import { isPreconditionFailed, putIfAbsent } from '#core/store/put-if-absent.ts';
import type { Store } from '#core/store/store.ts';
import { readJson, type StoredJson, type UpdateOptions, writeJson } from '#core/store/stored-json.ts';
import { keepGraphs } from '#core/targets/graphs/measured-graphs.ts';
import { joinProfile } from '#core/targets/join-profile.ts';
import { profileKey } from '#core/targets/keys.ts';
import { refreshTarget } from '#core/targets/refresh-target.ts';
import {
  type Acceptance,
  type AcceptedProfile,
  acceptProfile,
  type ExpectedUpload,
  type QuarantineReason,
  quarantined,
  uploadLimits,
} from './acceptance.ts';
import { parseIncomingKey, uploadKey } from './keys.ts';
import { quarantineReasons } from './reasons.ts';
import { targetDataOf } from './target-data-of.ts';
import { namedExclusions, type UploadRecord, uploadRecordSchema } from './upload-record.ts';

export interface IngestDependencies {
  /** The trusted bucket. */
  readonly data: Store;
  /** The untrusted bucket. */
  readonly uploads: Store;
  /** Those that targets are adapted under, the champion first; none before the first training. */
  readonly predictors: () => Promise<readonly Predictor[]>;
  /** ms since the epoch. */
  readonly now: () => number;
  /** How objects are changed that several uploads change at once. */
  readonly update?: UpdateOptions;
}

/** As the bucket's event tells it. */
export interface UploadedObject {
  readonly key: string;
  readonly sizeBytes: number;
}

export type IngestResult =
  | { readonly outcome: 'accepted' | 'quarantined'; readonly upload: UploadRecord }
  /** Somebody finished it before. */
  | { readonly outcome: 'finished-before'; readonly upload: UploadRecord }
  /** Not the place of a registered upload, or gone already: nothing can be said to anybody. */
  | { readonly outcome: 'ignored'; readonly reason: 'foreign-key' | 'not-registered' | 'object-gone' };

/** Many uploads of one target take turns; the waits stay short because a turn does. */
const patient: UpdateOptions = { attempts: 40 };

/** @throws whatever the store throws, and DomainError `conflict` when others were first every time: try again */
export async function ingestUpload(dependencies: IngestDependencies, object: UploadedObject): Promise<IngestResult> {
  const { data, uploads } = dependencies;
  const place = parseIncomingKey(object.key);
  if (!place) return { outcome: 'ignored', reason: 'foreign-key' };
  const tooLong = object.sizeBytes > uploadLimits.compressedBytes;
  const [registered, device, stored] = await Promise.all([
    readJson(data, uploadKey(place.uploadId), uploadRecordSchema),
    readJson(data, deviceKey(place.deviceId), deviceRecordSchema),
    tooLong ? undefined : uploads.get(object.key),
  ]);
  if (!registered) return { outcome: 'ignored', reason: 'not-registered' };
  if (registered.value.status !== 'waiting') return { outcome: 'finished-before', upload: registered.value };
  if (!stored && !tooLong) return { outcome: 'ignored', reason: 'object-gone' };
  const upload = registered.value;
  const ownerFault = ownerFaultOf(upload, place.deviceId, device?.value);
  const judged = stored
    ? acceptProfile(stored.body, { ...upload, deviceId: place.deviceId, ownerFault })
    : quarantined('size-mismatch', `the object has ${object.sizeBytes} bytes; registered: ${upload.sizeBytes}`);
  const acceptance =
    judged.outcome === 'accepted' ? await keep(dependencies, upload, judged.profile, stored!.body) : judged;
  const time = new Date(dependencies.now()).toISOString();
  return finish(data, registered, ended(upload, acceptance, time));
}

function ownerFaultOf(
  upload: UploadRecord,
  deviceId: string,
  device: DeviceRecord | undefined,
): ExpectedUpload['ownerFault'] {
  if (upload.deviceId !== deviceId) {
    const message = `put in the place of '${deviceId}'; registered by '${upload.deviceId}'`;
    return { code: 'device-mismatch', message };
  }
  if (device?.revokedAt === undefined) return undefined;
  return { code: 'device-revoked', message: `device '${deviceId}' was revoked at ${device.revokedAt}` };
}

async function keep(
  { data, predictors, now, update = patient }: IngestDependencies,
  upload: UploadRecord,
  profile: AcceptedProfile,
  bytes: Uint8Array,
): Promise<Acceptance> {
  const { sha256, deviceId, registeredAt } = upload;
  const acceptedAt = new Date(now()).toISOString();
  // The graphs first: of what is joined they are all there.
  await keepGraphs(data, profile.models);
  const part = targetDataOf(profile, { sha256, deviceId, acceptedAt, registeredAt });
  const joined = await joinProfile(data, part, update);
  if (joined.outcome !== 'joined') {
    const detail =
      joined.outcome === 'target-full'
        ? ` (${maxValues} values, ${maxValuesOfDevice} of one device, ${maxWorkloads} workloads, ${maxModels} models)`
        : ` ('${profile.targetId}')`;
    return quarantined(joined.outcome, `${quarantineReasons[joined.outcome].replace(/\.$/, '')}${detail}`);
  }
  // Content-addressed: what is there already is the same.
  await putIfAbsent(data, profileKey(profile.targetId, sha256), bytes);
  await refreshTarget(data, joined.data, await predictors(), { ...update, now: now() });
  return { outcome: 'accepted', profile };
}

function ended(upload: UploadRecord, acceptance: Acceptance, finishedAt: string): UploadRecord {
  if (acceptance.outcome === 'quarantined') {
    const { code, message, issues }: QuarantineReason = acceptance.reason;
    return { ...upload, status: 'quarantined', finishedAt, quarantined: { code, message, issues: [...issues] } };
  }
  const { targetId, measurements, models, excluded } = acceptance.profile;
  const accepted = {
    targetId,
    measurements: measurements.length + models.length,
    excludedCount: excluded.length,
    excluded: excluded.slice(0, namedExclusions),
  };
  return { ...upload, status: 'accepted', finishedAt, accepted };
}

/** Where two finish the same upload, the first one's word stands. */
async function finish(store: Store, registered: StoredJson<UploadRecord>, upload: UploadRecord): Promise<IngestResult> {
  const key = uploadKey(upload.uploadId);
  try {
    await writeJson(store, key, upload, { ifMatch: registered.etag });
    return { outcome: upload.status === 'accepted' ? 'accepted' : 'quarantined', upload };
  } catch (error) {
    if (!isPreconditionFailed(error)) throw error;
    const current = await readJson(store, key, uploadRecordSchema);
    if (current === undefined || current.value.status === 'waiting') throw error;
    return { outcome: 'finished-before', upload: current.value };
  }
}
