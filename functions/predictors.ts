// Lambda: GET /v1/predictors/{searchSpace}[/{version}[/report]] and PUT /v1/predictors/{searchSpace}/aliases/champion.

import { predictorPathSchema, predictorsPathSchema, setChampionRequestSchema } from '#contract/predictors.ts';
import { listPredictors, readReport, showPredictor } from '#core/predictors/show-predictor.ts';
import { searchSpace as searchSpaceOf } from '#core/search-space/registry.ts';
import { setChampion } from '#core/training/phases/promote-phase.ts';
import { readEnvironment } from './shared/environment.ts';
import { httpHandler, ok, page, route } from './shared/http-handler.ts';
import { s3Store } from './shared/s3-store.ts';

const { DATA_BUCKET } = readEnvironment(process.env);
const store = s3Store({ bucket: DATA_BUCKET });

export const handler = httpHandler({
  'GET /v1/predictors/{searchSpace}': route({
    roles: ['reader', 'operator'],
    path: predictorsPathSchema,
    handle: async ({ path }) => ok(await listPredictors(store, searchSpaceOf(path.searchSpace).id)),
  }),
  'GET /v1/predictors/{searchSpace}/{version}': route({
    roles: ['reader', 'operator'],
    path: predictorPathSchema,
    handle: async ({ path: { searchSpace: name, version } }) => {
      const searchSpace = searchSpaceOf(name).id;
      const { hasReport, ...shown } = await showPredictor(store, searchSpace, version);
      return ok({ ...shown, report: hasReport ? `/v1/predictors/${searchSpace}/${version}/report` : null });
    },
  }),
  'GET /v1/predictors/{searchSpace}/{version}/report': route({
    roles: ['reader', 'operator'],
    path: predictorPathSchema,
    handle: async ({ path }) => page(await readReport(store, searchSpaceOf(path.searchSpace).id, path.version)),
  }),
  'PUT /v1/predictors/{searchSpace}/aliases/champion': route({
    roles: ['operator'],
    path: predictorsPathSchema,
    body: setChampionRequestSchema,
    handle: async ({ path, body }) =>
      ok(await setChampion({ store, now: Date.now }, searchSpaceOf(path.searchSpace).id, body.version)),
  }),
});
