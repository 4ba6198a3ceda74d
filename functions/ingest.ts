// Lambda: takes the events of the uploads bucket. An error is thrown and Lambda tries again; what failed every time is
// in the failure bucket.
import type { S3Event } from 'aws-lambda';
import { ingestUpload } from '#core/intake/ingest-upload.ts';
import { loadPredictor } from '#core/predictor/bundle.ts';
import { activePredictors } from '#core/predictors/active-predictors.ts';
import { readFieldEnvironment } from './shared/environment.ts';
import { s3Client, s3Store } from './shared/s3-store.ts';
import { logger } from './shared/telemetry.ts';

const { DATA_BUCKET, UPLOADS_BUCKET } = readFieldEnvironment(process.env);
const client = s3Client();
const data = s3Store({ bucket: DATA_BUCKET, client });
const uploads = s3Store({ bucket: UPLOADS_BUCKET, client });
const predictors = activePredictors({ store: data, loadPredictor });

export const handler = async (event: S3Event): Promise<void> => {
  for (const { s3 } of event.Records) {
    const key = decodeURIComponent(s3.object.key.replaceAll('+', ' '));
    const started = performance.now();
    const result = await ingestUpload({ data, uploads, predictors, now: Date.now }, { key, sizeBytes: s3.object.size });
    logger.info('ingested', {
      outcome: result.outcome,
      durationMs: Math.round(performance.now() - started),
      ...('upload' in result
        ? { uploadId: result.upload.uploadId, reason: result.upload.quarantined?.code }
        : { key, reason: result.reason }),
    });
  }
};
