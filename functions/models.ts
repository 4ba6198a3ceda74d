// Lambda: POST /v1/models and GET /v1/models/{id}.
import { modelOperations } from '#contract/models.ts';
import { registerModel } from '#core/models/register-model.ts';
import { showModel } from '#core/models/show-model.ts';
import { readEnvironment } from './shared/environment.ts';
import { httpHandler } from './shared/http-handler.ts';
import { meteredWork } from './shared/metered.ts';
import { s3Store } from './shared/s3-store.ts';

const { DATA_BUCKET, TOKEN_WORK_S_PER_DAY } = readEnvironment(process.env);
const store = s3Store({ bucket: DATA_BUCKET });
const metered = meteredWork(store, TOKEN_WORK_S_PER_DAY);

export const handler = httpHandler(modelOperations, {
  registerModel: ({ body, caller }) => metered(caller.tokenId, () => registerModel(store, body.graph)),
  showModel: ({ path, caller }) => metered(caller.tokenId, () => showModel(store, path.id)),
});
