// Use case: what is known of one target, and how it stands under the predictor in use.
import type { Store } from '#core/dataset/store.ts';
import { adaptationSchema } from '#core/predictor/adapt.ts';
import { assessTrust } from '#core/predictor/trust.ts';
import type { Trust } from '#core/predictor/types.ts';
import { searchSpace as searchSpaceOf } from '#core/search-space/registry.ts';
import type { SearchSpaceId } from '#core/search-space/search-space.ts';
import { readAliases } from './aliases.ts';
import { adaptationKey, targetKey } from './keys.ts';
import { readJson } from './stored-json.ts';
import { listTargetIds, unknownTargetError } from './target-names.ts';
import { type TargetRecord, targetIdSchema, targetRecordSchema } from './target-record.ts';

export interface TargetView {
  readonly target: TargetRecord;
  /** Null until the target is adapted under the predictor in use. */
  readonly adaptation: {
    readonly predictorVersion: string;
    readonly measurements: number;
    readonly trust: Trust;
    readonly trustReason: string;
  } | null;
}

/** @throws DomainError `unknown-search-space`; `unknown-target` with the nearest names */
export async function showTarget(store: Store, searchSpace: string, targetId: string): Promise<TargetView> {
  const { id } = searchSpaceOf(searchSpace);
  const record = targetIdSchema.safeParse(targetId).success
    ? await readJson(store, targetKey(id, targetId), targetRecordSchema)
    : undefined;
  if (!record) throw unknownTargetError(id, [{ targetId, path: 'id' }], await listTargetIds(store, id));
  return { target: record.value, adaptation: await adaptationOf(store, id, targetId) };
}

async function adaptationOf(
  store: Store,
  searchSpace: SearchSpaceId,
  targetId: string,
): Promise<TargetView['adaptation']> {
  const predictorVersion = (await readAliases(store, searchSpace))?.value.champion;
  if (predictorVersion === undefined) return null;
  const adaptation = await readJson(store, adaptationKey(searchSpace, predictorVersion, targetId), adaptationSchema);
  if (!adaptation) return null;
  const { trust, reason } = assessTrust(adaptation.value);
  return { predictorVersion, measurements: adaptation.value.measurements, trust, trustReason: reason };
}
