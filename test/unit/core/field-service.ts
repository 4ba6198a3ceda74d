// A service with the part that faces the field, over Maps: enrolled devices, uploads put into place, events delivered.
import { createHash, randomBytes } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { enrolDevice } from '#core/access/enrol-device.ts';
import type { Profile } from '#core/dataset/profile.ts';
import { type IngestDependencies, type IngestResult, ingestUpload } from '#core/intake/ingest-upload.ts';
import { incomingKey } from '#core/intake/keys.ts';
import { registerUpload } from '#core/intake/register-upload.ts';
import type { UploadRecord } from '#core/intake/upload-record.ts';
import { loadPredictor } from '#core/predictor/bundle.ts';
import { activePredictors } from '#core/predictors/active-predictors.ts';
import type { Store } from '#core/store/store.ts';
import { exampleProfile } from '#scripts/build-profile-fixtures.ts';
import { type MapStore, mapStore } from './map-store.ts';
import { texts } from './tiny-service.ts';

export const startMs = Date.UTC(2026, 1, 3, 12);

export interface FieldService {
  readonly data: MapStore;
  readonly uploads: MapStore;
  readonly dependencies: IngestDependencies;
  enrol(name: string): Promise<string>;
  /** Registers the profile and puts it into its place. */
  upload(deviceId: string, content: Profile | Uint8Array): Promise<UploadRecord>;
  event(upload: UploadRecord): Promise<IngestResult>;
  /** Both. */
  send(deviceId: string, content: Profile | Uint8Array): Promise<IngestResult>;
}

/** @param through wraps the data bucket as ingest sees it, to make it fail
 * @param buckets that there are already */
export function fieldService(
  through: (store: Store) => Store = (store) => store,
  { data, uploads } = { data: mapStore(), uploads: mapStore() },
): FieldService {
  let nowMs = startMs;
  const now = (): number => nowMs++;
  const update = { attempts: 200 };
  const store = through(data);
  const dependencies: IngestDependencies = {
    data: store,
    uploads,
    predictors: activePredictors({ store: data, loadPredictor }),
    now,
    update,
  };

  const service: FieldService = {
    data,
    uploads,
    dependencies,
    async enrol(name) {
      const request = { name, validForS: 3600, callerTokenId: 'o', now: now(), randomBytes };
      return (await enrolDevice(data, request)).device.deviceId;
    },
    async upload(deviceId, content) {
      const bytes = content instanceof Uint8Array ? content : gzipSync(JSON.stringify(content));
      const sha256 = createHash('sha256').update(bytes).digest('hex');
      const { upload } = await registerUpload(
        { store: data, openPlace: async ({ key }) => key, randomBytes, dailyQuota: 1000, validForS: 900 },
        { deviceId, sizeBytes: bytes.length, sha256, now: now() },
      );
      await uploads.put(incomingKey(deviceId, upload.uploadId), bytes);
      return upload;
    },
    event: (upload) =>
      ingestUpload(dependencies, { key: incomingKey(upload.deviceId, upload.uploadId), sizeBytes: upload.sizeBytes }),
    send: async (deviceId, content) => service.event(await service.upload(deviceId, content)),
  };
  return service;
}

/** A profile without descriptor of the tiny service's architectures, in one workload. */
export function profileOf(
  latencyMs: (index: number) => number,
  { from = 0, to = 20, model = 'Raspberry Pi 5 Model B', batchSize = 1 } = {},
): Profile {
  const { target } = exampleProfile;
  return {
    ...exampleProfile,
    target: { ...target, hardware: { ...target.hardware, model } },
    workloads: [{ searchSpace: 'nasbench201', inputSize: 32, batchSize }],
    descriptor: null,
    measurements: texts.slice(from, to).map((architecture, i) => ({
      workload: 0,
      architecture,
      latency: { medianMs: latencyMs(from + i), trimmedMeanMs: null, spreadMs: null },
      runs: null,
      stable: null,
    })),
  };
}
