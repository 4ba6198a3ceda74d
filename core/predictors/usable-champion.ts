// Use case: is there a champion that this version of the code can run?

import { DomainError } from '#core/errors.ts';
import type { Store } from '#core/store/store.ts';
import { readAliases } from './aliases.ts';
import { type LoadBundle, loadPublished } from './load-stored.ts';

/** Not where there is none, where its files are not all there, or where it was made for other features of kernels. */
export async function hasUsableChampion(store: Store, loadPredictor?: LoadBundle): Promise<boolean> {
  const version = (await readAliases(store))?.value.champion;
  if (version === undefined) return false;
  try {
    await (await loadPublished(store, version, loadPredictor)).close();
    return true;
  } catch (error) {
    if (error instanceof DomainError && error.code === 'invalid-predictor') return false;
    throw error;
  }
}
