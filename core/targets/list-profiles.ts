// Use case: the profiles that a target is known from, withdrawn ones too, a page at a time.
import { deviceRecordSchema } from '#core/access/device-record.ts';
import { deviceKey } from '#core/access/keys.ts';
import type { TargetData } from '#core/dataset/target-data.ts';
import type { Workload } from '#core/search-space/workload.ts';
import { median } from '#core/statistics/quantile.ts';
import { decodeCursor, encodeCursor } from '#core/store/page-cursor.ts';
import type { Store } from '#core/store/store.ts';
import { readJson } from '#core/store/stored-json.ts';
import { profileKey, targetIdSchema } from './keys.ts';
import { inUseOf, readTargetData } from './target-in-use.ts';
import { listTargetIds, unknownTargetError } from './target-names.ts';
import { orderKey, orderNoteSchema, readOrders, type WithdrawalOrder } from './withdrawal-orders.ts';

export interface ListProfilesRequest {
  readonly targetId: string;
  /** Profiles a page, 1 to 200. */
  readonly limit: number;
  readonly cursor?: string | undefined;
}

export interface ListedProfile {
  /** SHA-256 of the uploaded bytes, hex. */
  readonly sha256: string;
  readonly deviceId: string;
  /** As the operator calls the device; null where it has no record. */
  readonly deviceName: string | null;
  readonly acceptedAt: string;
  readonly agentVersion: string;
  /** What was run in it. */
  readonly workloads: readonly (Workload & { readonly measurements: number; readonly medianMs: number })[];
  /** Null while it is in use. */
  readonly withdrawn: {
    readonly at: string;
    readonly scope: WithdrawalOrder['scope'];
    readonly reason: string | null;
  } | null;
}

export interface ProfilePage {
  readonly targetId: string;
  /** In the order of their hashes. */
  readonly profiles: readonly ListedProfile[];
  /** Null on the last page. */
  readonly nextCursor: string | null;
}

/** @throws DomainError `unknown-target` with the nearest names; `invalid-request` for a cursor of another list */
export async function listProfiles(store: Store, request: ListProfilesRequest): Promise<ProfilePage> {
  const { targetId, limit, cursor } = request;
  const all = targetIdSchema.safeParse(targetId).success ? await readTargetData(store, targetId) : undefined;
  if (all === undefined) throw unknownTargetError([{ targetId, path: 'id' }], await listTargetIds(store));
  const list = profileKey(targetId, '');
  const after = cursor === undefined ? '' : decodeCursor(list, cursor, '');
  const page = all.profiles.filter(({ sha256 }) => sha256 > after).slice(0, limit);
  const { withdrawn } = inUseOf(all, await readOrders(store));
  const runs = runsOf(all, new Set(page.map(({ sha256 }) => sha256)));
  const names = await deviceNames(store, new Set(page.map(({ deviceId }) => deviceId)));
  const profiles: ListedProfile[] = [];
  for (const { sha256, deviceId, acceptedAt, agentVersion } of page) {
    const order = withdrawn.get(sha256);
    profiles.push({
      ...{ sha256, deviceId, deviceName: names.get(deviceId) ?? null, acceptedAt, agentVersion },
      workloads: runs.get(sha256) ?? [],
      withdrawn: order === undefined ? null : await withdrawnBy(store, order),
    });
  }
  const last = page.at(-1)?.sha256;
  const isLast = last === undefined || last === all.profiles.at(-1)!.sha256;
  return { targetId, profiles, nextCursor: isLast ? null : encodeCursor(list, last) };
}

function runsOf(all: TargetData, wanted: ReadonlySet<string>): Map<string, ListedProfile['workloads']> {
  const latencies = new Map<string, Map<number, number[]>>();
  for (const [workload, , profile, medianMs] of all.values) {
    const { sha256 } = all.profiles[profile]!;
    if (!wanted.has(sha256)) continue;
    const ofProfile = latencies.get(sha256) ?? new Map<number, number[]>();
    latencies.set(sha256, ofProfile);
    const known = ofProfile.get(workload);
    if (known) known.push(medianMs);
    else ofProfile.set(workload, [medianMs]);
  }
  const listed = (ofProfile: Map<number, number[]>): ListedProfile['workloads'] =>
    Array.from(ofProfile, ([workload, ms]) => ({
      ...all.workloads[workload]!,
      measurements: ms.length,
      medianMs: median(ms),
    }));
  return new Map(Array.from(latencies, ([sha256, ofProfile]) => [sha256, listed(ofProfile)]));
}

async function deviceNames(store: Store, deviceIds: ReadonlySet<string>): Promise<Map<string, string>> {
  const names = new Map<string, string>();
  for (const deviceId of deviceIds) {
    const record = await readJson(store, deviceKey(deviceId), deviceRecordSchema);
    if (record) names.set(deviceId, record.value.name);
  }
  return names;
}

async function withdrawnBy(store: Store, order: WithdrawalOrder): Promise<ListedProfile['withdrawn']> {
  const note = await readJson(store, orderKey(order), orderNoteSchema);
  return { at: order.at, scope: order.scope, reason: note?.value.reason ?? null };
}
