// Lambda: takes the events of the uploads bucket. An error is thrown and Lambda tries again; what failed every time is
// in the failure bucket. What is no notice of an upload is skipped with a line in the log.
import type { Context } from 'aws-lambda';
import { ingestUpload, type UploadedObject } from '#core/intake/ingest-upload.ts';
import { loadPredictor } from '#core/predictor/bundle.ts';
import { activePredictors } from '#core/predictors/active-predictors.ts';
import { s3Client } from './shared/aws/s3-client.ts';
import { eachObject } from './shared/each-object.ts';
import { readFieldEnvironment } from './shared/environment.ts';
import { logUpload } from './shared/ingest-log.ts';
import { countColdStart } from './shared/metrics.ts';
import { s3Store } from './shared/s3-store.ts';
import { logger } from './shared/telemetry.ts';

const { DATA_BUCKET, UPLOADS_BUCKET } = readFieldEnvironment(process.env);
const client = s3Client();
const data = s3Store({ bucket: DATA_BUCKET, client });
const uploads = s3Store({ bucket: UPLOADS_BUCKET, client });
const predictors = activePredictors({ store: data, loadPredictor });

export const handler = (event: unknown, context?: Pick<Context, 'awsRequestId'>): Promise<void> => {
  countColdStart();
  const awsRequestId = context?.awsRequestId;
  return eachObject(
    event,
    (object) => ingest(object, awsRequestId),
    (notice) => logger.warn('skipped', { ...notice, awsRequestId }),
  );
};

async function ingest(object: UploadedObject, awsRequestId: string | undefined): Promise<void> {
  const started = performance.now();
  const said = () => ({ message: 'ingested', awsRequestId, durationMs: Math.round(performance.now() - started) });
  try {
    logUpload(object, await ingestUpload({ data, uploads, predictors, now: Date.now }, object), said());
  } catch (error) {
    logUpload(object, error as Error, said());
    throw error;
  }
}
