// The published split of each shipped table, by search space. A space without a table has an empty one: targets and
// rows have to be given.
import { searchSpaces } from '#core/search-space/registry.ts';
import type { SearchSpaceId } from '#core/search-space/search-space.ts';
import type { Rows, Split } from '#core/search-space/shipped-table.ts';

export type { Rows, Split } from '#core/search-space/shipped-table.ts';

const none: Rows = { first: 0, last: -1 };
const nothingShipped: Split = { train: [], test: [], trainRows: none, testRows: none };

export const defaultSplits = Object.fromEntries(
  searchSpaces.map((space) => [space.id, space.shippedTable ?? nothingShipped]),
) as Readonly<Record<SearchSpaceId, Split>>;
