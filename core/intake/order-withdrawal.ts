// Use case: an operator withdraws what was measured, or has it used again: a target or a device with everything that
// was announced until now, one profile, or an upload that may not be processed yet. Nothing is deleted. The order is
// written first and what is made of measurements then, so that an order that was cut off is finished by giving it
// again, and whatever is made meanwhile knows of it.
import { createHash } from 'node:crypto';
import { deviceRecordSchema } from '#core/access/device-record.ts';
import { deviceKey } from '#core/access/keys.ts';
import { hasProfile } from '#core/dataset/target-data.ts';
import { DomainError } from '#core/errors.ts';
import type { ActivePredictors } from '#core/predictors/active-predictors.ts';
import { inOrder } from '#core/store/in-order.ts';
import { decodeCursor, encodeCursor } from '#core/store/page-cursor.ts';
import { putJsonIfAbsent } from '#core/store/put-if-absent.ts';
import type { Store } from '#core/store/store.ts';
import { readJson } from '#core/store/stored-json.ts';
import { targetIdIn, targetIdSchema, targetKey, targetsPrefix } from '#core/targets/keys.ts';
import { refreshTarget } from '#core/targets/refresh-target.ts';
import { readTargetData } from '#core/targets/target-in-use.ts';
import { listTargetIds, unknownTargetError } from '#core/targets/target-names.ts';
import { namedDevices, targetRecordSchema } from '#core/targets/target-record.ts';
import { orderKey, readOrders, type WithdrawalAction, type WithdrawalOrder } from '#core/targets/withdrawal-orders.ts';
import { uploadKey } from './keys.ts';
import { uploadRecordSchema } from './upload-record.ts';

/** What is withdrawn or restored. */
export type WithdrawalSelection =
  /** Everything that is known of it; with `profile`, that one alone. */
  | { readonly target: string; readonly profile?: string | undefined }
  /** Everything that it announced. */
  | { readonly device: string }
  | { readonly upload: string };

export interface WithdrawalRequest {
  readonly action: WithdrawalAction;
  readonly selection: WithdrawalSelection;
  readonly reason: string | null;
  /** `nextCursor` of the reply before: goes on with that order. */
  readonly cursor?: string | undefined;
  /** Id of the operator's token. */
  readonly callerTokenId: string;
  /** The same request under the same key is one order, of the time when it first came. */
  readonly idempotencyKey: string;
}

export interface WithdrawalDependencies {
  readonly store: Store;
  /** Those that targets are adapted under, the champion first. */
  readonly predictors: ActivePredictors;
  /** ms since the epoch. */
  readonly now: () => number;
  /** Whether there is time for one more target. */
  readonly hasTime: () => boolean;
}

export interface WithdrawalReply {
  /** UTC: what was announced later is not named by the order. */
  readonly at: string;
  readonly action: WithdrawalAction;
  readonly scope: WithdrawalOrder['scope'];
  readonly id: string;
  /** Targets that were made anew by this request. */
  readonly targets: readonly RefreshedTarget[];
  /** Not null: time ran out. The same request with this as `cursor` goes on. */
  readonly nextCursor: string | null;
}

export interface RefreshedTarget {
  readonly targetId: string;
  /** Networks whose latency is in use now. */
  readonly measurements: number;
  readonly profiles: number;
  readonly withdrawnProfiles: number;
}

/** Targets that many uploads change meanwhile take turns. */
const attempts = 40;
const readsAtOnce = 16;

/** Safe to repeat, beside uploads and other orders.
 * @throws DomainError `unknown-target` with the nearest names, `not-found` for another thing that is not there,
 * `invalid-request` for a cursor of another request */
export async function orderWithdrawal(
  dependencies: WithdrawalDependencies,
  request: WithdrawalRequest,
): Promise<WithdrawalReply> {
  const { store, now, hasTime } = dependencies;
  const selected = await selectedBy(store, request.selection);
  const order = await orderOf(store, request, selected, now());
  const { at, action, scope, id } = order;
  const list = orderKey(order);
  const after = request.cursor === undefined ? undefined : decodeCursor(list, request.cursor, targetsPrefix);
  const targets: RefreshedTarget[] = [];
  let last = after;
  for await (const targetId of touched(store, selected, after)) {
    if (targets.length > 0 && !hasTime()) {
      return { at, action, scope, id, targets, nextCursor: encodeCursor(list, last!) };
    }
    const refreshed = await madeAnew(dependencies, targetId);
    if (refreshed !== undefined) targets.push(refreshed);
    last = targetKey(targetId);
  }
  return { at, action, scope, id, targets, nextCursor: null };
}

interface Selected extends Pick<WithdrawalOrder, 'scope' | 'id'> {
  /** Targets that it may change; undefined: those of the device. */
  readonly targetIds: readonly string[] | undefined;
}

async function selectedBy(store: Store, selection: WithdrawalSelection): Promise<Selected> {
  if ('device' in selection) {
    const { device } = selection;
    const key = /^[a-z0-9-]{1,64}$/.test(device) ? deviceKey(device) : undefined;
    if (key === undefined || !(await readJson(store, key, deviceRecordSchema))) throw notFound('device', device);
    return { scope: 'device', id: device, targetIds: undefined };
  }
  if ('upload' in selection) {
    const { upload } = selection;
    const key = /^[0-9a-f]{32}$/.test(upload) ? uploadKey(upload) : undefined;
    const record = key && (await readJson(store, key, uploadRecordSchema))?.value;
    if (!record) throw notFound('upload', upload);
    const { sha256, accepted } = record;
    return { scope: 'profile', id: sha256, targetIds: accepted === undefined ? [] : [accepted.targetId] };
  }
  const { target, profile } = selection;
  const data = targetIdSchema.safeParse(target).success ? await readTargetData(store, target) : undefined;
  if (data === undefined) throw unknownTargetError([{ targetId: target, path: 'target' }], await listTargetIds(store));
  if (profile === undefined) return { scope: 'target', id: target, targetIds: [target] };
  if (!hasProfile(data, profile)) throw notFound('profile', profile);
  return { scope: 'profile', id: profile, targetIds: [target] };
}

function notFound(what: 'device' | 'upload' | 'profile', id: string): DomainError {
  const message = `${what} '${id.slice(0, 64)}' not found`;
  return new DomainError('not-found', message, { issues: [{ path: what, message }] });
}

/** The order that this request is: the one of its cursor or of its key, or a new one. */
async function orderOf(
  store: Store,
  { action, reason, cursor, callerTokenId, idempotencyKey }: WithdrawalRequest,
  { scope, id }: Selected,
  nowMs: number,
): Promise<WithdrawalOrder> {
  const said = [callerTokenId, idempotencyKey, action, scope, id].join('\n');
  const request = createHash('sha256').update(said).digest('hex').slice(0, 16);
  const { orders } = await readOrders(store);
  const same = orders.find(
    (order) => order.action === action && order.scope === scope && order.id === id && isMeant(order, request, cursor),
  );
  if (same !== undefined) return same;
  if (cursor !== undefined) {
    const message = 'not a cursor of this request; use nextCursor of the reply before with the same selection';
    throw new DomainError('invalid-request', `cursor: ${message}`, { issues: [{ path: 'cursor', message }] });
  }
  const order = { at: new Date(nowMs).toISOString(), action, scope, id, request };
  await putJsonIfAbsent(store, orderKey(order), { reason, tokenId: callerTokenId });
  return order;
}

function isMeant(order: WithdrawalOrder, request: string, cursor: string | undefined): boolean {
  if (cursor === undefined) return order.request === request;
  try {
    decodeCursor(orderKey(order), cursor, targetsPrefix);
    return true;
  } catch {
    return false;
  }
}

/** Ids of targets that may have something of what is selected, ascending. A target whose record does not name the
 * device yet is being made by an upload, which reads the order. */
async function* touched(store: Store, { id, targetIds }: Selected, after: string | undefined): AsyncGenerator<string> {
  if (targetIds !== undefined) {
    yield* targetIds.filter((targetId) => after === undefined || targetKey(targetId) > after);
    return;
  }
  const keys: string[] = [];
  for await (const key of store.list(targetsPrefix, after)) if (targetIdIn(targetsPrefix, key)) keys.push(key);
  const read = (key: string) => readJson(store, key, targetRecordSchema);
  for await (const record of inOrder(keys, readsAtOnce, read)) {
    const devices = record?.value.devices ?? [];
    if (devices.includes(id) || devices.length >= namedDevices) yield record!.value.targetId;
  }
}

async function madeAnew(
  { store, predictors, now }: WithdrawalDependencies,
  targetId: string,
): Promise<RefreshedTarget | undefined> {
  const all = await readTargetData(store, targetId);
  if (all === undefined) return undefined;
  const record = await refreshTarget(store, all, await predictors(), { attempts, now: now() });
  const { measurements, profiles, withdrawn } = record;
  return { targetId, measurements, profiles, withdrawnProfiles: withdrawn?.profiles ?? 0 };
}
