// Use case: is there a champion that this version of the code can run?

import { DomainError } from '#core/errors.ts';
import type { SearchSpaceId } from '#core/search-space/search-space.ts';
import type { Store } from '#core/store/store.ts';
import { readAliases } from './aliases.ts';
import { type LoadBundle, loadPublished } from './load-stored.ts';

/** Not where there is none, where its files are not all there, or where it was made for another encoder: train anew. */
export async function hasUsableChampion(
  store: Store,
  searchSpace: SearchSpaceId,
  loadPredictor?: LoadBundle,
): Promise<boolean> {
  const version = (await readAliases(store, searchSpace))?.value.champion;
  if (version === undefined) return false;
  try {
    await (await loadPublished(store, searchSpace, version, loadPredictor)).close();
    return true;
  } catch (error) {
    if (error instanceof DomainError && error.code === 'invalid-predictor') return false;
    throw error;
  }
}
