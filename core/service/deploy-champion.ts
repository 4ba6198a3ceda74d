// Use case: a trained predictor becomes the champion: published, every target adapted under it, and only then promoted,
// so that a request always meets a matching pair. Stopped anywhere and done again it ends the same.
import type { Store } from '#core/dataset/store.ts';
import type { Predictor, PredictorBundle } from '#core/predictor/bundle.ts';
import type { Measured } from '#core/predictor/types.ts';
import { adaptTarget } from './adapt-target.ts';
import { promote } from './aliases.ts';
import { publishPredictor } from './publish-predictor.ts';

export interface TargetMeasurements {
  readonly targetId: string;
  readonly measured: readonly Measured[];
}

export interface DeployRequest {
  readonly bundle: PredictorBundle;
  readonly loadPredictor: (bundle: PredictorBundle) => Promise<Predictor>;
  readonly trainS: number;
  readonly targets: Iterable<TargetMeasurements>;
  /** ms since the epoch. */
  readonly now: number;
  /** Checked between targets. */
  readonly signal?: AbortSignal;
}

/** @throws DomainError `invalid-predictor`; what `signal` was aborted with */
export async function deployChampion(store: Store, request: DeployRequest): Promise<void> {
  const predictor = await request.loadPredictor(request.bundle);
  try {
    await publishPredictor(store, { bundle: request.bundle, predictor, trainS: request.trainS, now: request.now });
    await adaptTargets(store, predictor, request.targets, request.signal);
    const { searchSpace, version } = predictor.identity;
    await promote(store, searchSpace, version);
  } finally {
    await predictor.close();
  }
}

export async function adaptTargets(
  store: Store,
  predictor: Predictor,
  targets: Iterable<TargetMeasurements>,
  signal?: AbortSignal,
): Promise<void> {
  for (const { targetId, measured } of targets) {
    signal?.throwIfAborted();
    await adaptTarget(store, predictor, targetId, measured);
  }
}
