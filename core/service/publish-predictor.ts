// Use case: put a trained predictor into the store. Its version is its content, so that doing it twice changes nothing.
// Nobody is served by it before `promote`.
import type { Store } from '#core/dataset/store.ts';
import type { Predictor, PredictorBundle } from '#core/predictor/bundle.ts';
import { predictorKey } from './keys.ts';
import type { PredictorCard } from './predictor-card.ts';
import { isPreconditionFailed, writeJson } from './stored-json.ts';

export interface PublishRequest {
  readonly bundle: PredictorBundle;
  /** The same bundle, loaded: what cannot be loaded is not published. */
  readonly predictor: Predictor;
  readonly trainS: number;
  /** ms since the epoch. */
  readonly now: number;
}

export async function publishPredictor(store: Store, request: PublishRequest): Promise<PredictorCard> {
  const { bundle, predictor, trainS, now } = request;
  const { searchSpace, version, hash } = predictor.identity;
  const { seed, steps, architectures, targets, dataHash } = predictor.parameters.lineage;
  const card: PredictorCard = {
    searchSpace,
    version,
    hash,
    createdAt: new Date(now).toISOString(),
    training: { seed, steps, trainS, architectures, targets: targets.map(({ id }) => id), dataHash },
  };
  await Promise.all([
    unlessThere(() =>
      store.put(predictorKey(searchSpace, version, 'predictor.onnx'), bundle.onnx, { ifNoneMatch: '*' }),
    ),
    unlessThere(() =>
      store.put(predictorKey(searchSpace, version, 'predictor.json'), bundle.json, { ifNoneMatch: '*' }),
    ),
  ]);
  await unlessThere(() =>
    writeJson(store, predictorKey(searchSpace, version, 'card.json'), card, { ifNoneMatch: '*' }),
  );
  return card;
}

async function unlessThere(write: () => Promise<unknown>): Promise<void> {
  try {
    await write();
  } catch (error) {
    if (!isPreconditionFailed(error)) throw error;
  }
}
