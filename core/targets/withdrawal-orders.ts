// What operators ordered: that measurements are withdrawn, or used again. Each order is an object of its own, written
// once, whose key says everything that counts: withdrawals/{at}/{action}/{scope}/{id}/{request}.json. A profile stands
// as the last order that names it says. So orders may come before, between and after uploads, and be given twice.
import * as z from 'zod';
import type { TargetData } from '#core/dataset/target-data.ts';
import type { Store } from '#core/store/store.ts';

export const withdrawalActions = ['withdraw', 'restore'] as const;
export type WithdrawalAction = (typeof withdrawalActions)[number];
export const withdrawalScopes = ['target', 'device', 'profile'] as const;
export type WithdrawalScope = (typeof withdrawalScopes)[number];

export interface WithdrawalOrder {
  /** UTC. Of a target or a device it names what was announced until then. */
  readonly at: string;
  readonly action: WithdrawalAction;
  readonly scope: WithdrawalScope;
  /** Id of the target or device; SHA-256 of the profile. */
  readonly id: string;
  /** Hash of the request: the same request is one order. */
  readonly request: string;
}

/** What stands in an order beside its key. */
export const orderNoteSchema = z.strictObject({ reason: z.string().nullable(), tokenId: z.string() });

export const withdrawalsPrefix = 'withdrawals/';
/** Key of an order; keys ascend with time. */
export const orderKey = ({ at, action, scope, id, request }: WithdrawalOrder): string =>
  `${withdrawalsPrefix}${at}/${action}/${scope}/${id}/${request}.json`;

const keyForm =
  /^withdrawals\/(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z)\/(withdraw|restore)\/(target|device|profile)\/([\w.-]+)\/([0-9a-f]{16})\.json$/;

/** Undefined for a key that no order has. */
export function parseOrderKey(key: string): WithdrawalOrder | undefined {
  const match = keyForm.exec(key);
  if (!match) return undefined;
  const [, at, action, scope, id, request] = match as unknown as [string, string, string, string, string, string];
  return { at, action: action as WithdrawalAction, scope: scope as WithdrawalScope, id, request };
}

/** All orders there are, in the order of time: one request of the store for each thousand. */
export async function readOrders(store: Store): Promise<OrderBook> {
  const orders: WithdrawalOrder[] = [];
  for await (const key of store.list(withdrawalsPrefix)) {
    const order = parseOrderKey(key);
    if (order !== undefined) orders.push(order);
  }
  return orderBook(orders);
}

type ProfileEntry = TargetData['profiles'][number];

export interface OrderBook {
  readonly orders: readonly WithdrawalOrder[];
  /** Those that name a profile of a target, in the order of time; the last one stands. */
  naming(targetId: string, profile: ProfileEntry): readonly WithdrawalOrder[];
}

/** @param orders in the order of time */
export function orderBook(orders: readonly WithdrawalOrder[]): OrderBook {
  const byName = Map.groupBy(orders, ({ scope, id }) => `${scope} ${id}`);
  const of = (scope: WithdrawalScope, id: string) => byName.get(`${scope} ${id}`) ?? [];
  return {
    orders,
    naming(targetId, profile) {
      if (orders.length === 0) return [];
      const announcedAt = profile.registeredAt ?? profile.acceptedAt;
      const until = [...of('target', targetId), ...of('device', profile.deviceId)].filter(
        ({ at }) => announcedAt <= at,
      );
      return [...until, ...of('profile', profile.sha256)].sort((a, b) => (orderKey(a) < orderKey(b) ? -1 : 1));
    },
  };
}
