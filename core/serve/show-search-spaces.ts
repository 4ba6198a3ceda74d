// Use cases: list the search spaces, show one. What a caller needs to write architectures and to know which predictor
// answers.

import { readAliases } from '#core/predictors/aliases.ts';
import { searchSpace, searchSpaces } from '#core/search-space/registry.ts';
import type { SearchSpace } from '#core/search-space/search-space.ts';
import type { Store } from '#core/store/store.ts';

export interface SearchSpaceView {
  readonly searchSpace: string;
  readonly title: string;
  /** A valid architecture. */
  readonly example: string;
  readonly features: number;
  /** Version of the predictor in use; null before the first training. */
  readonly champion: string | null;
}

/** All search spaces with the version of their champions, in the order of the list. */
export function listSearchSpaces(store: Store): Promise<SearchSpaceView[]> {
  return Promise.all(searchSpaces.map((space) => view(store, space)));
}

/** @throws DomainError `unknown-search-space` */
export async function showSearchSpace(store: Store, id: string): Promise<SearchSpaceView> {
  return view(store, searchSpace(id));
}

async function view(store: Store, space: SearchSpace): Promise<SearchSpaceView> {
  const aliases = await readAliases(store, space.id);
  return {
    searchSpace: space.id,
    title: space.title,
    example: space.example,
    features: space.featureNames.length,
    champion: aliases?.value.champion ?? null,
  };
}
