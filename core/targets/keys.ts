// Where targets lie in the data bucket: the record of each, everything measured on it, and its adaptation under each
// version of a predictor.
import type { SearchSpaceId } from '#core/search-space/search-space.ts';

export const targetsPrefix = (searchSpace?: SearchSpaceId): string =>
  searchSpace === undefined ? 'targets/' : `targets/${searchSpace}/`;
export const targetKey = (searchSpace: SearchSpaceId, targetId: string): string =>
  `${targetsPrefix(searchSpace)}${targetId}.json`;

/** Everything measured on a target: the join of its profiles. */
export const measurementsKey = (searchSpace: SearchSpaceId, targetId: string): string =>
  `measurements/${searchSpace}/${targetId}.json`;

export const adaptationsPrefix = (searchSpace: SearchSpaceId, version: string): string =>
  `adaptations/${searchSpace}/${version}/`;
export const adaptationKey = (searchSpace: SearchSpaceId, version: string, targetId: string): string =>
  `${adaptationsPrefix(searchSpace, version)}${targetId}.json`;
