// Lambda: GET /v1/targets/{id}/profiles, POST /v1/withdrawals and POST /v1/restorations.
import { randomUUID } from 'node:crypto';
import { type WithdrawalRequestBody, withdrawalOperations } from '#contract/withdrawals.ts';
import { orderWithdrawal, type WithdrawalSelection } from '#core/intake/order-withdrawal.ts';
import { loadPredictor } from '#core/predictor/bundle.ts';
import { activePredictors } from '#core/predictors/active-predictors.ts';
import { listProfiles } from '#core/targets/list-profiles.ts';
import type { WithdrawalAction } from '#core/targets/withdrawal-orders.ts';
import { elapsedMs } from './shared/elapsed.ts';
import { readEnvironment } from './shared/environment.ts';
import { httpHandler } from './shared/http-handler.ts';
import { s3Store } from './shared/s3-store.ts';

const { DATA_BUCKET } = readEnvironment(process.env);
const store = s3Store({ bucket: DATA_BUCKET });
const predictors = activePredictors({ store, loadPredictor });
/** After which a request begins no further target: what is left is done by the next one. */
const mostMs = 12_000;

interface OrderRequest {
  readonly body: WithdrawalRequestBody;
  readonly caller: { readonly tokenId: string };
  readonly idempotencyKey: string | undefined;
}

const order =
  (action: WithdrawalAction) =>
  ({ body: { reason, cursor, ...selection }, caller, idempotencyKey = randomUUID() }: OrderRequest) => {
    const startedMs = elapsedMs();
    const dependencies = { store, predictors, now: Date.now, hasTime: () => elapsedMs() - startedMs < mostMs };
    const request = { action, selection: selection as WithdrawalSelection, reason, cursor };
    return orderWithdrawal(dependencies, { ...request, callerTokenId: caller.tokenId, idempotencyKey });
  };

export const handler = httpHandler(withdrawalOperations, {
  listProfiles: ({ path, query }) => listProfiles(store, { targetId: path.id, ...query }),
  withdraw: order('withdraw'),
  restore: order('restore'),
});
