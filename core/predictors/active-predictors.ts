// The predictors that adaptations are kept for: the champion, and the challenger while there is one,
// so that a target measured during a promotion is adapted under both.

import type { Predictor } from '#core/predictor/types.ts';
import type { Store } from '#core/store/store.ts';
import { readAliases } from './aliases.ts';
import { type LoadBundle, loadPublished } from './load-stored.ts';

/** The champion first; empty before the first training. Asks the store for the aliases every time. */
export type ActivePredictors = () => Promise<readonly Predictor[]>;

/** Predictors stay loaded while they are active; one caller at a time. */
export function activePredictors(options: {
  readonly store: Store;
  readonly loadPredictor: LoadBundle;
}): ActivePredictors {
  const { store, loadPredictor } = options;
  const loaded = new Map<string, Predictor>();

  async function load(version: string): Promise<Predictor> {
    const known = loaded.get(version);
    if (known) return known;
    const predictor = await loadPublished(store, version, loadPredictor);
    loaded.set(version, predictor);
    return predictor;
  }

  return async () => {
    const aliases = (await readAliases(store))?.value;
    if (!aliases) return [];
    const { champion, challenger = champion } = aliases;
    for (const [version, predictor] of loaded) {
      if (version === champion || version === challenger) continue;
      loaded.delete(version);
      await predictor.close();
    }
    const versions = [...new Set([champion, challenger])];
    const predictors: Predictor[] = [];
    for (const version of versions) predictors.push(await load(version));
    return predictors;
  };
}
