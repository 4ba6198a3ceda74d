// Lambda: GET and DELETE of /v1/tokens.
import { tokenOperations } from '#contract/tokens.ts';
import { listTokens } from '#core/access/list-tokens.ts';
import { revokeTokenById } from '#core/access/revoke-token.ts';
import { readEnvironment } from './shared/environment.ts';
import { httpHandler } from './shared/http-handler.ts';
import { s3Store } from './shared/s3-store.ts';

const { DATA_BUCKET } = readEnvironment(process.env);
const store = s3Store({ bucket: DATA_BUCKET });

export const handler = httpHandler(tokenOperations, {
  listTokens: ({ query }) => listTokens(store, query),
  revokeToken: async ({ path }) => ({ token: await revokeTokenById(store, path.id, Date.now()) }),
});
