// Where targets lie in the data bucket: the record of each, everything measured on it, and its adaptation under each
// version of a predictor.
import type { SearchSpaceId } from '#core/search-space/search-space.ts';

/** Prefix of the records of all targets, or of those of a search space. */
export const targetsPrefix = (searchSpace?: SearchSpaceId): string =>
  searchSpace === undefined ? 'targets/' : `targets/${searchSpace}/`;
/** Key of a target's record. */
export const targetKey = (searchSpace: SearchSpaceId, targetId: string): string =>
  `${targetsPrefix(searchSpace)}${targetId}.json`;

/** Everything measured on a target: the join of its profiles. */
export const measurementsKey = (searchSpace: SearchSpaceId, targetId: string): string =>
  `measurements/${searchSpace}/${targetId}.json`;

/** Prefix of the adaptations to one version of a predictor. */
export const adaptationsPrefix = (searchSpace: SearchSpaceId, version: string): string =>
  `adaptations/${searchSpace}/${version}/`;
/** Key of a target's adaptation to one version of a predictor. */
export const adaptationKey = (searchSpace: SearchSpaceId, version: string, targetId: string): string =>
  `${adaptationsPrefix(searchSpace, version)}${targetId}.json`;
