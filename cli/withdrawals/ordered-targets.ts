// One order of an operator, from its first request to the last target that it changes.
import type { Client, InputOf, ReplyOf } from '#client/client.ts';
import type { withdrawalOperations } from '#contract/withdrawals.ts';

export type WithdrawalClient = Client<typeof withdrawalOperations>;
type OrderBody = Omit<InputOf<typeof withdrawalOperations.withdraw>['body'], 'cursor'>;
export type OrderedTarget = ReplyOf<typeof withdrawalOperations.withdraw>['targets'][number];

/** Goes on until every target is made anew; all requests are one order.
 * @throws ApiError as the service refuses; sent again, it is finished */
export async function orderedTargets(
  client: WithdrawalClient,
  operation: 'withdraw' | 'restore',
  selection: OrderBody,
): Promise<OrderedTarget[]> {
  const targets: OrderedTarget[] = [];
  let cursor: string | undefined;
  do {
    const body = cursor === undefined ? selection : { ...selection, cursor };
    const reply = await client.call(operation, { body });
    targets.push(...reply.targets);
    cursor = reply.nextCursor ?? undefined;
  } while (cursor !== undefined);
  return targets;
}
