// Lambda: GET /v1/search-spaces and GET /v1/search-spaces/{id}.
import { listSearchSpaces, showSearchSpace } from '#core/service/search-space-view.ts';
import { searchSpacePathSchema } from './contract/search-spaces.ts';
import { readEnvironment } from './shared/environment.ts';
import { httpHandler, ok, route } from './shared/http-handler.ts';
import { s3Store } from './shared/s3-store.ts';

const { DATA_BUCKET } = readEnvironment(process.env);
const store = s3Store({ bucket: DATA_BUCKET });

export const handler = httpHandler({
  'GET /v1/search-spaces': route({
    roles: ['reader', 'device'],
    handle: async () => ok({ searchSpaces: await listSearchSpaces(store) }),
  }),
  'GET /v1/search-spaces/{id}': route({
    roles: ['reader', 'device'],
    path: searchSpacePathSchema,
    handle: async ({ path }) => ok(await showSearchSpace(store, path.id)),
  }),
});
