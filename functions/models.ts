// Lambda: POST /v1/models and GET /v1/models/{id}.
import { modelOperations } from '#contract/models.ts';
import { registerModel } from '#core/models/register-model.ts';
import { showModel } from '#core/models/show-model.ts';
import { readEnvironment } from './shared/environment.ts';
import { httpHandler } from './shared/http-handler.ts';
import { s3Store } from './shared/s3-store.ts';

const { DATA_BUCKET } = readEnvironment(process.env);
const store = s3Store({ bucket: DATA_BUCKET });

export const handler = httpHandler(modelOperations, {
  registerModel: ({ body }) => registerModel(store, body.graph),
  showModel: ({ path }) => showModel(store, path.id),
});
