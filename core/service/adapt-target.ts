// Use case: adapt one target to its measurements under one predictor, and keep the adaptation where predictions find it.
import type { Store } from '#core/dataset/store.ts';
import { type Adaptation, adapt } from '#core/predictor/adapt.ts';
import type { Predictor } from '#core/predictor/bundle.ts';
import type { Measured } from '#core/predictor/types.ts';
import { adaptationKey } from './keys.ts';
import { writeJson } from './stored-json.ts';

/** @throws DomainError `too-few-measurements` without any */
export async function adaptTarget(
  store: Store,
  predictor: Predictor,
  targetId: string,
  measured: readonly Measured[],
): Promise<Adaptation> {
  const adaptation = await adapt(predictor, measured);
  const { searchSpace, version } = predictor.identity;
  await writeJson(store, adaptationKey(searchSpace, version, targetId), adaptation);
  return adaptation;
}
