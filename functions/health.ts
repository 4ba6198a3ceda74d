// Lambda: GET /v1/health.
import { healthOperations } from '#contract/health.ts';
import { healthCheck } from '#core/serve/health.ts';
import { elapsedMs } from './shared/elapsed.ts';
import { readEnvironment } from './shared/environment.ts';
import { httpHandler } from './shared/http-handler.ts';
import { s3Store } from './shared/s3-store.ts';

const { DATA_BUCKET } = readEnvironment(process.env);
const check = healthCheck({ store: s3Store({ bucket: DATA_BUCKET }), now: elapsedMs });

export const handler = httpHandler(healthOperations, {
  health: check,
});
