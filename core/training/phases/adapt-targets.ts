// Use cases: adapt every target under a predictor that is not served yet, in batches that fit a phase.
// Measurements are read as they are now.
import { DomainError } from '#core/errors.ts';
import type { Predictor } from '#core/predictor/types.ts';
import { loadPublished } from '#core/predictors/load-stored.ts';
import { inOrder } from '#core/store/in-order.ts';
import type { Store } from '#core/store/store.ts';
import { readJson } from '#core/store/stored-json.ts';
import { adaptMergedTarget, mergedTarget } from '#core/targets/adapt-target.ts';
import { adaptationKey, adaptationsPrefix, targetIdIn, targetKey, targetsPrefix } from '#core/targets/keys.ts';
import { descriptorInUse, inUseOf, readTargetData } from '#core/targets/target-in-use.ts';
import { targetRecordSchema } from '#core/targets/target-record.ts';
import { type OrderBook, readOrders } from '#core/targets/withdrawal-orders.ts';

/** Targets of one batch: a quarter of a minute, of the fifteen that a Lambda has (docs/training.md). */
export const batchSize = 50;
/** What a distributed map's array of results, a few bytes each, holds below 256 KiB. */
export const mostBatches = 40_000;

export interface TargetBatch {
  /** Targets after this id, in the order of their keys; empty: from the first. */
  readonly after: string;
  readonly count: number;
}

/** Batches over all targets there are.
 * @throws DomainError `invalid-request` for more targets than the state machine is built for */
export async function planAdaptation(store: Store): Promise<TargetBatch[]> {
  const ids: string[] = [];
  for await (const id of targetIds(store)) ids.push(id);
  if (ids.length > batchSize * mostBatches) {
    const message = `there are ${ids.length} targets; the state machine adapts at most ${batchSize * mostBatches}`;
    throw new DomainError('invalid-request', message);
  }
  return Array.from({ length: Math.ceil(ids.length / batchSize) }, (_, i) => ({
    after: i === 0 ? '' : ids[i * batchSize - 1]!,
    count: Math.min(batchSize, ids.length - i * batchSize),
  }));
}

/** In the order of their keys. */
async function* targetIds(store: Store, after?: string): AsyncGenerator<string> {
  for await (const key of store.list(targetsPrefix, after === undefined ? undefined : targetKey(after))) {
    const id = targetIdIn(targetsPrefix, key);
    if (id !== undefined) yield id;
  }
}

export interface AdaptBatchOptions {
  /** Called before every target; what it throws ends the batch. */
  readonly onTarget?: () => Promise<void>;
}

/** What has an adaptation from as many profiles already is left as it is. @returns targets without measurements */
export async function adaptBatch(
  store: Store,
  version: string,
  batch: TargetBatch,
  { onTarget }: AdaptBatchOptions = {},
): Promise<string[]> {
  const predictor = await loadPublished(store, version);
  const without: string[] = [];
  try {
    const ids: string[] = [];
    for await (const id of targetIds(store, batch.after === '' ? undefined : batch.after)) {
      ids.push(id);
      if (ids.length >= batch.count) break;
    }
    const orders = await readOrders(store);
    for (const id of ids) {
      await onTarget?.();
      if (!(await adaptOne(store, predictor, id, orders))) without.push(id);
    }
    return without;
  } finally {
    await predictor.close();
  }
}

/** Adapts what has no adaptation under `version` yet, and anew where something was withdrawn or restored since.
 * @returns how many targets it looked at for that */
export async function adaptMissing(store: Store, version: string): Promise<number> {
  const adapted = new Set<string>();
  for await (const key of store.list(adaptationsPrefix(version))) adapted.add(key);
  const missing: string[] = [];
  for await (const id of targetIds(store)) if (!adapted.has(adaptationKey(version, id))) missing.push(id);
  const orders = await readOrders(store);
  if (orders.orders.length > 0) missing.push(...(await withOrders(store, adapted, version)));
  if (missing.length === 0) return 0;
  const predictor = await loadPublished(store, version);
  try {
    for (const id of missing) await adaptOne(store, predictor, id, orders);
  } finally {
    await predictor.close();
  }
  return missing.length;
}

/** Targets with an adaptation under `version` of which something was once withdrawn. */
async function withOrders(store: Store, adapted: ReadonlySet<string>, version: string): Promise<string[]> {
  const ids: string[] = [];
  for await (const id of targetIds(store)) if (adapted.has(adaptationKey(version, id))) ids.push(id);
  const found: string[] = [];
  const read = (id: string) => readJson(store, targetKey(id), targetRecordSchema);
  for await (const record of inOrder(ids, 16, read)) if (record?.value.withdrawn) found.push(record.value.targetId);
  return found;
}

/** @returns whether it has any measurements */
async function adaptOne(store: Store, predictor: Predictor, targetId: string, orders: OrderBook): Promise<boolean> {
  const all = await readTargetData(store, targetId);
  if (!all) return false;
  const inUse = inUseOf(all, orders);
  const merged = mergedTarget(inUse, await descriptorInUse(store, all, inUse));
  await adaptMergedTarget(store, predictor, merged, { attempts: 20 });
  return true;
}
