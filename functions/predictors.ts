// Lambda: GET /v1/predictors[/{version}[/report]] and PUT /v1/predictors/aliases/champion.

import { predictorOperations } from '#contract/predictors.ts';
import { filledPath } from '#contract/routes.ts';
import { listPredictors, readReport, showPredictor } from '#core/predictors/show-predictor.ts';
import { setChampion } from '#core/training/phases/promote-phase.ts';
import { readEnvironment } from './shared/environment.ts';
import { httpHandler } from './shared/http-handler.ts';
import { s3Store } from './shared/s3-store.ts';

const { DATA_BUCKET } = readEnvironment(process.env);
const store = s3Store({ bucket: DATA_BUCKET });

export const handler = httpHandler(predictorOperations, {
  listPredictors: () => listPredictors(store),
  showPredictor: async ({ path }) => {
    const { hasReport, ...shown } = await showPredictor(store, path.version);
    return { ...shown, report: hasReport ? filledPath('showReport', path) : null };
  },
  showReport: ({ path }) => readReport(store, path.version),
  setChampion: ({ body }) => setChampion({ store, now: Date.now }, body.version),
});
