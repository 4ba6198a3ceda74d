// Where things lie in the data bucket: the one place that spells a key. The layout is described in docs/architecture.md.
import type { SearchSpaceId } from '#core/search-space/search-space.ts';

export const tokenKey = (tokenId: string): string => `tokens/${tokenId}.json`;

export const targetsPrefix = (searchSpace?: SearchSpaceId): string =>
  searchSpace === undefined ? 'targets/' : `targets/${searchSpace}/`;
export const targetKey = (searchSpace: SearchSpaceId, targetId: string): string =>
  `${targetsPrefix(searchSpace)}${targetId}.json`;

export const profilesPrefix = (searchSpace: SearchSpaceId, targetId: string): string =>
  `profiles/${searchSpace}/${targetId}/`;
export const profileKey = (searchSpace: SearchSpaceId, targetId: string, sha256: string): string =>
  `${profilesPrefix(searchSpace, targetId)}${sha256}.json.gz`;

export const aliasesKey = (searchSpace: SearchSpaceId): string => `predictors/${searchSpace}/aliases.json`;
export const predictorKey = (
  searchSpace: SearchSpaceId,
  version: string,
  file: 'predictor.onnx' | 'predictor.json' | 'card.json',
): string => `predictors/${searchSpace}/${version}/${file}`;

export const adaptationsPrefix = (searchSpace: SearchSpaceId, version: string): string =>
  `adaptations/${searchSpace}/${version}/`;
export const adaptationKey = (searchSpace: SearchSpaceId, version: string, targetId: string): string =>
  `${adaptationsPrefix(searchSpace, version)}${targetId}.json`;
