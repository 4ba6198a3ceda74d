// The lists of operators that a hardware-runtime descriptor describes, in the order of its vector: one for every
// network, and those of search spaces, named after them.
import { operatorKeys } from '#core/search-space/network/describe.ts';
import { searchSpaces } from '#core/search-space/registry.ts';
import type { SearchSpaceId } from '#core/search-space/search-space.ts';
import { inputSizeFault } from '#core/search-space/workload.ts';
import { standardOperators } from '#core/standard-networks/standard-operators.ts';

/** The list for every network. */
export const standardList = 'standard';

export type OperatorList = typeof standardList | SearchSpaceId;

/** Operator keys by list. A search space without operators has no list. */
export const descriptorOperators: Readonly<Record<OperatorList, readonly string[]>> = {
  standard: standardOperators.map(({ key }) => key),
  ...(Object.fromEntries(searchSpaces.map((space) => [space.id, operatorKeys(space)])) as Readonly<
    Record<SearchSpaceId, readonly string[]>
  >),
};

/** The lists that have operators. */
export const descriptorLists = (Object.keys(descriptorOperators) as OperatorList[]).filter(
  (list) => descriptorOperators[list].length > 0,
);

/** Why a list's operators cannot be of the input size; undefined when they can. */
export function operatorSizeFault(list: OperatorList, inputSize: number | null): string | undefined {
  if (list !== standardList) return inputSizeFault({ searchSpace: list, inputSize });
  return inputSize === null ? undefined : `input size ${inputSize} given: each operator of ${list} states its own`;
}
