// Lambda: checks the bearer token of every request that needs one, and tells the function behind the route who calls or
// why the token is refused (see shared/caller.ts).
import type { APIGatewayRequestAuthorizerEventV2, APIGatewaySimpleAuthorizerWithContextResult } from 'aws-lambda';
import { tokenVerifier } from '#core/access/verify-token.ts';
import { authorize } from './shared/authorize.ts';
import type { AuthorizerContext } from './shared/caller.ts';
import { elapsedMs } from './shared/elapsed.ts';
import { readEnvironment } from './shared/environment.ts';
import { s3Store } from './shared/s3-store.ts';

const { DATA_BUCKET, TOKEN_CACHE_S } = readEnvironment(process.env);
const verify = tokenVerifier({
  store: s3Store({ bucket: DATA_BUCKET }),
  now: Date.now,
  elapsedMs,
  cacheS: TOKEN_CACHE_S,
});

export const handler = async (
  event: APIGatewayRequestAuthorizerEventV2,
): Promise<APIGatewaySimpleAuthorizerWithContextResult<AuthorizerContext>> => ({
  isAuthorized: true,
  context: await authorize(verify, event.headers?.['authorization']),
});
