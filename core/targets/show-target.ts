// Use case: what is known of one target, and how it stands under the predictor in use.

import type { SelfCheck } from '#core/predictor/adaptation/self-check.ts';
import { assessTrust } from '#core/predictor/adaptation/trust.ts';
import type { Trust } from '#core/predictor/types.ts';
import type { Behaviour } from '#core/predictor/whole-networks/behaviour.ts';
import { readAliases } from '#core/predictors/aliases.ts';
import type { Store } from '#core/store/store.ts';
import { readJson } from '#core/store/stored-json.ts';
import { adaptationIn, keptAdaptationSchema } from './kept-adaptation.ts';
import { adaptationKey, targetIdSchema, targetKey } from './keys.ts';
import { listTargetIds, unknownTargetError } from './target-names.ts';
import { type TargetRecord, targetRecordSchema } from './target-record.ts';

export interface TargetView {
  readonly target: TargetRecord;
  /** Null until the target is adapted under the predictor in use, and where all of it was withdrawn. */
  readonly adaptation: {
    readonly predictorVersion: string;
    readonly measurements: number;
    /** Operators of its descriptor that it was made from beside these. */
    readonly operators: number;
    readonly trust: Trust;
    readonly trustReason: string;
    /** Median of |ln(measured / predicted)| that the posterior expects. */
    readonly expectedError: number | null;
    /** The same as it was when each measurement was predicted from the others, and more of that. */
    readonly leftOut: SelfCheck['leftOut'];
    /** Measurements that are more likely outliers than not. */
    readonly outliers: number;
    /** Null where none was observed: the target came with the project, or was adapted before any was. */
    readonly behaviour: Behaviour | null;
  } | null;
}

/** @throws DomainError `unknown-target` with the nearest names */
export async function showTarget(store: Store, targetId: string): Promise<TargetView> {
  const record = targetIdSchema.safeParse(targetId).success
    ? await readJson(store, targetKey(targetId), targetRecordSchema)
    : undefined;
  if (!record) throw unknownTargetError([{ targetId, path: 'id' }], await listTargetIds(store));
  return { target: record.value, adaptation: await adaptationOf(store, targetId) };
}

async function adaptationOf(store: Store, targetId: string): Promise<TargetView['adaptation']> {
  const predictorVersion = (await readAliases(store))?.value.champion;
  if (predictorVersion === undefined) return null;
  const kept = await readJson(store, adaptationKey(predictorVersion, targetId), keptAdaptationSchema);
  const adaptation = kept && adaptationIn(kept.value);
  if (!adaptation) return null;
  const { measurements, operators = 0, expectedError = null, selfCheck, outliers, behaviour = null } = adaptation;
  const { trust, reason: trustReason } = assessTrust(adaptation);
  const leftOut = selfCheck?.leftOut ?? null;
  const told = { trust, trustReason, expectedError, leftOut, outliers: outliers.length, behaviour };
  return { predictorVersion, measurements, operators, ...told };
}
