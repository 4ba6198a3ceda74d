// Lambda: GET /v1/targets and GET /v1/targets/{id}.

import { targetOperations } from '#contract/targets.ts';
import { listTargets } from '#core/targets/list-targets.ts';
import { showTarget } from '#core/targets/show-target.ts';
import { readEnvironment } from './shared/environment.ts';
import { httpHandler } from './shared/http-handler.ts';
import { s3Store } from './shared/s3-store.ts';

const { DATA_BUCKET } = readEnvironment(process.env);
const store = s3Store({ bucket: DATA_BUCKET });

export const handler = httpHandler(targetOperations, {
  listTargets: ({ query }) => listTargets(store, query),
  showTarget: ({ path }) => showTarget(store, path.id),
});
