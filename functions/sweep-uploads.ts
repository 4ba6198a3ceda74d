// Lambda: finds uploads that were put and never processed, and takes them in. A schedule calls it, and a person may.
import type { Context } from 'aws-lambda';
import * as z from 'zod';
import { sweepUploads } from '#core/intake/sweep-uploads.ts';
import { loadPredictor } from '#core/predictor/bundle.ts';
import { activePredictors } from '#core/predictors/active-predictors.ts';
import { s3Client } from './shared/aws/s3-client.ts';
import { readFieldEnvironment } from './shared/environment.ts';
import { listPlaced } from './shared/list-placed.ts';
import { countColdStart } from './shared/metrics.ts';
import { s3Store } from './shared/s3-store.ts';
import { sweepLog } from './shared/sweep-log.ts';

const { DATA_BUCKET, UPLOADS_BUCKET } = readFieldEnvironment(process.env);
const client = s3Client();
const data = s3Store({ bucket: DATA_BUCKET, client });
const uploads = s3Store({ bucket: UPLOADS_BUCKET, client });
const predictors = activePredictors({ store: data, loadPredictor });
const placed = () => listPlaced(client, UPLOADS_BUCKET);
/** The slowest upload takes about as long. */
const reserveMs = 60_000;

const eventSchema = z.strictObject({
  newestHours: z.number().positive().optional().describe('Uploads of these last hours; left out: all that are kept.'),
  settledMinutes: z
    .number()
    .nonnegative()
    .default(0)
    .describe('Uploads of these last minutes are left to their event.'),
});

type OwnContext = Pick<Context, 'awsRequestId' | 'getRemainingTimeInMillis'>;

export const handler = async (event: unknown, context: OwnContext): Promise<void> => {
  countColdStart();
  const { newestHours, settledMinutes } = eventSchema.parse(event);
  const hasTime = (): boolean => context.getRemainingTimeInMillis() > reserveMs;
  const log = sweepLog(context.awsRequestId);
  const dependencies = { data, uploads, predictors, now: Date.now, placed, hasTime, onFound: log.found };
  const newestS = newestHours === undefined ? undefined : newestHours * 3600;
  log.end(await sweepUploads(dependencies, { newestS, settledS: settledMinutes * 60 }));
};
