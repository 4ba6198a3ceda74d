// Use cases: list the search spaces, show one. What a caller needs to write architectures and to say what they run at.
import { searchSpace, searchSpaces } from '#core/search-space/registry.ts';
import type { SearchSpace } from '#core/search-space/search-space.ts';

export interface SearchSpaceView {
  readonly searchSpace: string;
  readonly title: string;
  /** A valid architecture. */
  readonly example: string;
  /** Sides of the square input that its networks can have, pixels; null: each architecture states its own. */
  readonly inputSizes: {
    readonly usual: number;
    readonly smallest: number;
    readonly largest: number;
    readonly step: number;
  } | null;
}

/** All search spaces, in the order in which they are listed everywhere. */
export const listSearchSpaces = (): SearchSpaceView[] => searchSpaces.map(view);

/** @throws DomainError `unknown-search-space` */
export const showSearchSpace = (id: string): SearchSpaceView => view(searchSpace(id));

function view({ id, title, example, networks }: SearchSpace): SearchSpaceView {
  return { searchSpace: id, title, example, inputSizes: networks.inputSizes };
}
