// Where published predictors lie in the data bucket, and which of them is in use.
import type { SearchSpaceId } from '#core/search-space/search-space.ts';

/** Prefix of everything that is published in a search space. */
export const predictorsPrefix = (searchSpace: SearchSpaceId): string => `predictors/${searchSpace}/`;

/** Key of which versions are champion and challenger. */
export const aliasesKey = (searchSpace: SearchSpaceId): string => `${predictorsPrefix(searchSpace)}aliases.json`;

/** The network and its parameters, the card, and what the report draws beside it, with the report. */
export type PredictorFile = 'predictor.onnx' | 'predictor.json' | 'card.json' | 'predictions.json' | 'report.html';
/** Key of a file of a published predictor. */
export const predictorKey = (searchSpace: SearchSpaceId, version: string, file: PredictorFile): string =>
  `${predictorsPrefix(searchSpace)}${version}/${file}`;
