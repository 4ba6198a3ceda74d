// Lambda: measures how the service stands (champion, training, failed events) and writes it as metrics, for alarms. A
// schedule calls it every hour.
import type { Context } from 'aws-lambda';
import { runsPrefix } from '#core/training/keys.ts';
import { observeTraining } from '#core/training/runs/observe-training.ts';
import { type ListedObject, listObjects } from './shared/aws/list-objects.ts';
import { s3Client } from './shared/aws/s3-client.ts';
import { readWatchEnvironment } from './shared/environment.ts';
import { countColdStart, putMetrics } from './shared/metrics.ts';
import { s3Store } from './shared/s3-store.ts';
import { logger } from './shared/telemetry.ts';

const { DATA_BUCKET, FAILURES_BUCKET } = readWatchEnvironment(process.env);
const client = s3Client();
const store = s3Store({ bucket: DATA_BUCKET, client });

export const handler = async (_event: unknown, { awsRequestId }: Pick<Context, 'awsRequestId'>): Promise<void> => {
  countColdStart();
  const runs = await listed(DATA_BUCKET, runsPrefix);
  const { championAgeHours, hoursSinceGoodRun } = await observeTraining(store, runs, Date.now());
  const failedEvents = (await listed(FAILURES_BUCKET, '')).length;
  putMetrics('state', {
    FailedEvents: failedEvents,
    ...(championAgeHours !== undefined && { ChampionAgeHours: championAgeHours }),
    ...(hoursSinceGoodRun !== undefined && { HoursSinceGoodRun: hoursSinceGoodRun }),
  });
  logger.info('watched', { awsRequestId, championAgeHours, hoursSinceGoodRun, failedEvents });
};

async function listed(bucket: string, prefix: string): Promise<ListedObject[]> {
  const objects: ListedObject[] = [];
  for await (const each of listObjects(client, { bucket, prefix })) objects.push(each);
  return objects;
}
