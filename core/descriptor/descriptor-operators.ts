// The lists of operators that a hardware-runtime descriptor describes, in the order of its vector. A list is named
// after the search space whose operators it has.
import { operatorKeys } from '#core/search-space/network/describe.ts';
import { searchSpaces } from '#core/search-space/registry.ts';
import type { SearchSpaceId } from '#core/search-space/search-space.ts';

/** Operator keys by search space. A space without operators takes no descriptor yet: its profiles say `null`. */
export const descriptorOperators = Object.fromEntries(
  searchSpaces.map((space) => [space.id, operatorKeys(space)]),
) as Readonly<Record<SearchSpaceId, readonly string[]>>;

/** The lists that have operators. */
export const descriptorLists = searchSpaces
  .filter(({ id }) => descriptorOperators[id].length > 0)
  .map(({ id }) => id) as readonly SearchSpaceId[];
