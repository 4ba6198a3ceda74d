// Lambda: GET /v1/health.
import { healthCheck } from '#core/serve/health.ts';
import { readEnvironment } from './shared/environment.ts';
import { httpHandler, route } from './shared/http-handler.ts';
import { s3Store } from './shared/s3-store.ts';

const { DATA_BUCKET } = readEnvironment(process.env);
const check = healthCheck({ store: s3Store({ bucket: DATA_BUCKET }), now: Date.now });

export const handler = httpHandler({
  'GET /v1/health': route({
    handle: async () => {
      const health = await check();
      return { status: health.ready ? 200 : 503, value: health };
    },
  }),
});
