// The predictors of a search space that adaptations are kept for: the champion, and the challenger while there is one,
// so that a target measured during a promotion is adapted under both.

import type { Predictor } from '#core/predictor/bundle.ts';
import type { SearchSpaceId } from '#core/search-space/search-space.ts';
import type { Store } from '#core/store/store.ts';
import { readAliases } from './aliases.ts';
import { type LoadBundle, loadPublished } from './load-stored.ts';

/** The champion first; empty before the first training. Asks the store for the aliases every time. */
export type ActivePredictors = (searchSpace: SearchSpaceId) => Promise<readonly Predictor[]>;

/** Predictors stay loaded while they are active; one caller at a time. */
export function activePredictors(options: {
  readonly store: Store;
  readonly loadPredictor: LoadBundle;
}): ActivePredictors {
  const { store, loadPredictor } = options;
  const loaded = new Map<string, Predictor>();

  async function load(searchSpace: SearchSpaceId, version: string): Promise<Predictor> {
    const known = loaded.get(`${searchSpace}/${version}`);
    if (known) return known;
    const predictor = await loadPublished(store, searchSpace, version, loadPredictor);
    loaded.set(`${searchSpace}/${version}`, predictor);
    return predictor;
  }

  return async (searchSpace) => {
    const aliases = (await readAliases(store, searchSpace))?.value;
    if (!aliases) return [];
    const { champion, challenger = champion } = aliases;
    for (const [key, predictor] of loaded) {
      const active = key === `${searchSpace}/${champion}` || key === `${searchSpace}/${challenger}`;
      if (active || !key.startsWith(`${searchSpace}/`)) continue;
      loaded.delete(key);
      await predictor.close();
    }
    const versions = [...new Set([champion, challenger])];
    const predictors: Predictor[] = [];
    for (const version of versions) predictors.push(await load(searchSpace, version));
    return predictors;
  };
}
