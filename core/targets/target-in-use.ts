// A target as it counts: what is known of it but for what operators withdrew. Everything that is made of measurements
// (records, adaptations, snapshots, what to measure next) is made of this.
import { gunzipSync } from 'node:zlib';
import type { ProfileEnvelope } from '#core/dataset/profile.ts';
import { readEnvelope } from '#core/dataset/read-profile.ts';
import { type TargetData, targetDataSchema } from '#core/dataset/target-data.ts';
import { withoutProfiles } from '#core/dataset/without-profiles.ts';
import type { Store } from '#core/store/store.ts';
import { readJson } from '#core/store/stored-json.ts';
import { measurementsKey, profileKey } from './keys.ts';
import { type OrderBook, readOrders, type WithdrawalOrder } from './withdrawal-orders.ts';

export interface TargetInUse {
  /** What the profiles in use say, and no other. */
  readonly data: TargetData;
  /** Grows with each profile and with each order that names one of them: what is made of more is newer. */
  readonly revision: number;
  /** Profiles that are withdrawn now, by hash, each with the order that says so. */
  readonly withdrawn: ReadonlyMap<string, WithdrawalOrder>;
  /** Orders that name a profile of the target. */
  readonly orders: number;
}

/** @param all everything measured on the target. The descriptor is null where its profile is withdrawn;
 * `descriptorInUse` finds another one */
export function inUseOf(all: TargetData, book: OrderBook): TargetInUse {
  const withdrawn = new Map<string, WithdrawalOrder>();
  const named = new Set<WithdrawalOrder>();
  for (const profile of all.profiles) {
    const orders = book.naming(all.targetId, profile);
    for (const order of orders) named.add(order);
    const last = orders.at(-1);
    if (last?.action === 'withdraw') withdrawn.set(profile.sha256, last);
  }
  const data = withoutProfiles(all, new Set(withdrawn.keys()));
  return { data, revision: all.profiles.length + named.size, withdrawn, orders: named.size };
}

/** The measurements of a target, joined from all its profiles, withdrawn ones too; undefined where it has none. */
export async function readTargetData(store: Store, targetId: string): Promise<TargetData | undefined> {
  return (await readJson(store, measurementsKey(targetId), targetDataSchema))?.value;
}

/** What counts of a target; undefined where nothing was ever measured. The measurements are read before the orders:
 * whoever orders writes first and reads the measurements then, so that one of the two sees both. */
export async function readTargetInUse(store: Store, targetId: string): Promise<TargetInUse | undefined> {
  const all = await readTargetData(store, targetId);
  return all && inUseOf(all, await readOrders(store));
}

/** The descriptor that counts: where that of the data is withdrawn, the one of the profile in use that was started last
 * among those that have one, from the profile itself. */
export async function descriptorInUse(
  store: Store,
  all: TargetData,
  { data }: Pick<TargetInUse, 'data'>,
): Promise<TargetData['descriptor']> {
  if (data.descriptor !== null || all.descriptor === null) return data.descriptor;
  const order = ({ startedAt, sha256 }: TargetData['profiles'][number]): string => `${startedAt ?? ''} ${sha256}`;
  for (const { sha256 } of data.profiles.toSorted((a, b) => (order(a) > order(b) ? -1 : 1))) {
    const descriptor = await descriptorOf(store, profileKey(data.targetId, sha256));
    if (descriptor !== null) return { sha256, descriptor };
  }
  return null;
}

/** Far above the largest profile that is accepted, expanded. */
const mostBytes = 2 ** 27;

async function descriptorOf(store: Store, key: string): Promise<ProfileEnvelope['descriptor']> {
  const object = await store.get(key);
  if (object === undefined) return null;
  const text = gunzipSync(object.body, { maxOutputLength: mostBytes }).toString('utf8');
  const read = readEnvelope(JSON.parse(text));
  return read.success ? read.data.envelope.descriptor : null;
}
