// Lambda: GET /v1/targets and GET /v1/targets/{searchSpace}/{id}.

import { listTargetsQuerySchema, targetPathSchema } from '#contract/targets.ts';
import { listTargets } from '#core/targets/list-targets.ts';
import { showTarget } from '#core/targets/show-target.ts';
import { readEnvironment } from './shared/environment.ts';
import { httpHandler, ok, route } from './shared/http-handler.ts';
import { s3Store } from './shared/s3-store.ts';

const { DATA_BUCKET } = readEnvironment(process.env);
const store = s3Store({ bucket: DATA_BUCKET });

export const handler = httpHandler({
  'GET /v1/targets': route({
    roles: ['reader'],
    query: listTargetsQuerySchema,
    handle: async ({ query }) => ok(await listTargets(store, query)),
  }),
  'GET /v1/targets/{searchSpace}/{id}': route({
    roles: ['reader'],
    path: targetPathSchema,
    handle: async ({ path }) => ok(await showTarget(store, path.searchSpace, path.id)),
  }),
});
