// A predictor that is served without a training run behind it: for benches, and for tests of what answers. The service
// itself publishes, adapts and promotes in runs only (core/training).

import { adaptChecked } from '#core/predictor/adaptation/checked-adaptation.ts';
import type { Predictor, PredictorBundle } from '#core/predictor/bundle.ts';
import type { Measured } from '#core/predictor/types.ts';
import { aliasesSchema } from '#core/predictors/aliases.ts';
import type { Card } from '#core/predictors/card.ts';
import { aliasesKey, predictorKey } from '#core/predictors/keys.ts';
import type { SearchSpaceId } from '#core/search-space/search-space.ts';
import type { Store } from '#core/store/store.ts';
import { updateJson, writeJson } from '#core/store/stored-json.ts';
import { adaptationKey } from '#core/targets/keys.ts';

export async function publishPredictor(
  store: Store,
  bundle: PredictorBundle,
  { identity, parameters }: Predictor,
  now = 0,
): Promise<Card> {
  const { searchSpace, version, hash } = identity;
  const { seed, steps, architectures, targets, dataHash } = parameters.lineage;
  const training = { seed, steps, trainS: 1, architectures, targets: targets.map(({ id }) => id), dataHash };
  const card: Card = { searchSpace, version, hash, createdAt: new Date(now).toISOString(), training };
  await store.put(predictorKey(searchSpace, version, 'predictor.onnx'), bundle.onnx);
  await store.put(predictorKey(searchSpace, version, 'predictor.json'), bundle.json);
  await writeJson(store, predictorKey(searchSpace, version, 'card.json'), card);
  return card;
}

export async function adaptTarget(
  store: Store,
  predictor: Predictor,
  targetId: string,
  measured: readonly Measured[],
): Promise<void> {
  const { searchSpace, version } = predictor.identity;
  await writeJson(store, adaptationKey(searchSpace, version, targetId), await adaptChecked(predictor, measured));
}

export async function promote(store: Store, searchSpace: SearchSpaceId, version: string): Promise<void> {
  await updateJson(store, aliasesKey(searchSpace), aliasesSchema, (current) => ({ ...current, champion: version }));
}
