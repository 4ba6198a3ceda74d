// Use case: what is known of one target, and how it stands under the predictor in use.

import { adaptationSchema } from '#core/predictor/adaptation/adaptation.ts';
import type { SelfCheck } from '#core/predictor/adaptation/self-check.ts';
import { assessTrust } from '#core/predictor/adaptation/trust.ts';
import type { Trust } from '#core/predictor/types.ts';
import { readAliases } from '#core/predictors/aliases.ts';
import { searchSpace as searchSpaceOf } from '#core/search-space/registry.ts';
import type { SearchSpaceId } from '#core/search-space/search-space.ts';
import type { Store } from '#core/store/store.ts';
import { readJson } from '#core/store/stored-json.ts';
import { adaptationKey, targetKey } from './keys.ts';
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
    /** Median of |ln(measured / predicted)| that the posterior expects over the search space. */
    readonly expectedError: number;
    /** The same as it was when each measurement was predicted from the others, and more of that. */
    readonly leftOut: SelfCheck['leftOut'];
    /** Measurements that are more likely outliers than not. */
    readonly outliers: number;
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
  const { measurements, expectedError, selfCheck, outliers } = adaptation.value;
  const { trust, reason: trustReason } = assessTrust(adaptation.value);
  const { leftOut } = selfCheck;
  return { predictorVersion, measurements, trust, trustReason, expectedError, leftOut, outliers: outliers.length };
}
