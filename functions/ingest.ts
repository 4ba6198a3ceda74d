// Lambda: takes the events of the uploads bucket. An error is thrown and Lambda tries again; what failed every time is
// in the failure bucket. What is no notice of an upload is skipped with a line in the log.
import { ingestUpload, type UploadedObject } from '#core/intake/ingest-upload.ts';
import { loadPredictor } from '#core/predictor/bundle.ts';
import { activePredictors } from '#core/predictors/active-predictors.ts';
import { s3Client } from './shared/aws/s3-client.ts';
import { eachObject } from './shared/each-object.ts';
import { readFieldEnvironment } from './shared/environment.ts';
import { s3Store } from './shared/s3-store.ts';
import { logger } from './shared/telemetry.ts';

const { DATA_BUCKET, UPLOADS_BUCKET } = readFieldEnvironment(process.env);
const client = s3Client();
const data = s3Store({ bucket: DATA_BUCKET, client });
const uploads = s3Store({ bucket: UPLOADS_BUCKET, client });
const predictors = activePredictors({ store: data, loadPredictor });

export const handler = (event: unknown): Promise<void> =>
  eachObject(event, ingest, (notice) => logger.warn('skipped', { ...notice }));

async function ingest(object: UploadedObject): Promise<void> {
  const started = performance.now();
  const result = await ingestUpload({ data, uploads, predictors, now: Date.now }, object);
  logger.info('ingested', {
    outcome: result.outcome,
    durationMs: Math.round(performance.now() - started),
    ...('upload' in result
      ? { uploadId: result.upload.uploadId, reason: result.upload.quarantined?.code }
      : { key: object.key, reason: result.reason }),
  });
}
