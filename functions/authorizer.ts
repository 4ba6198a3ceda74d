// Lambda: checks the bearer token of every request that needs one, and tells the function behind the route who calls or
// why the token is refused (see shared/caller.ts).
import type { APIGatewayRequestAuthorizerEventV2, APIGatewaySimpleAuthorizerWithContextResult } from 'aws-lambda';
import { tokenUseMarker } from '#core/access/token-use.ts';
import { tokenVerifier } from '#core/access/verify-token.ts';
import { authorize } from './shared/authorize.ts';
import type { AuthorizerContext } from './shared/caller.ts';
import { elapsedMs } from './shared/elapsed.ts';
import { readEnvironment } from './shared/environment.ts';
import { countColdStart } from './shared/metrics.ts';
import { s3Store } from './shared/s3-store.ts';
import { logger } from './shared/telemetry.ts';

const { DATA_BUCKET, TOKEN_CACHE_S } = readEnvironment(process.env);
// It may get tokens and list nothing: S3 says 403 of one that is not there, at the price of one read.
const store = s3Store({ bucket: DATA_BUCKET, mayList: false });
const markUse = tokenUseMarker(store, Date.now);
/** Of the request that is being looked at: a process has one at a time. */
let requestId: string | undefined;
const verify = tokenVerifier({
  store,
  now: Date.now,
  elapsedMs,
  cacheS: TOKEN_CACHE_S,
  // Not waited for: no request is later, or refused, because a day could not be written down.
  onUse: (tokenId) =>
    void markUse(tokenId).catch((error) => logger.warn('use not marked', { tokenId, requestId, error })),
});

export const handler = async (
  event: APIGatewayRequestAuthorizerEventV2,
): Promise<APIGatewaySimpleAuthorizerWithContextResult<AuthorizerContext>> => {
  countColdStart();
  ({ requestId } = event.requestContext);
  return { isAuthorized: true, context: await authorize(verify, event.headers?.['authorization']) };
};
