// Lambda: GET /v1/search-spaces, GET /v1/search-spaces/{id} and GET /v1/search-spaces/{id}/support-set.

import { searchSpaceOperations } from '#contract/search-spaces.ts';
import { selectSupportSet } from '#core/predictor/adaptation/select-support-set.ts';
import { loadPredictor } from '#core/predictor/bundle.ts';
import { modelShelf } from '#core/serve/graph-shelf.ts';
import { predictorCache } from '#core/serve/predictor-cache.ts';
import { listSearchSpaces, showSearchSpace } from '#core/serve/show-search-spaces.ts';
import { cachedSelection } from '#core/targets/support/selection-cache.ts';
import { supportSet } from '#core/targets/support/support-set.ts';
import { elapsedMs } from './shared/elapsed.ts';
import { readEnvironment } from './shared/environment.ts';
import { httpHandler } from './shared/http-handler.ts';
import { meteredWork } from './shared/metered.ts';
import { s3Store } from './shared/s3-store.ts';
import { logger } from './shared/telemetry.ts';

const { DATA_BUCKET, REVALIDATE_S: revalidateS, TOKEN_WORK_S_PER_DAY } = readEnvironment(process.env);
const store = s3Store({ bucket: DATA_BUCKET });
const onError = (error: unknown): void => logger.warn('revalidation failed', { error });
const predictors = predictorCache({ store, now: elapsedMs, loadPredictor, revalidateS, onError });
const metered = meteredWork(store, TOKEN_WORK_S_PER_DAY);
const select = cachedSelection(selectSupportSet);
const models = modelShelf(store);

export const handler = httpHandler(searchSpaceOperations, {
  listSearchSpaces: async () => ({ searchSpaces: listSearchSpaces() }),
  showSearchSpace: async ({ path }) => showSearchSpace(path.id),
  supportSet: ({ path, query, caller }) =>
    metered(caller.tokenId, () =>
      supportSet({ store, predictors, models, select }, { searchSpace: path.id, ...query }),
    ),
});
