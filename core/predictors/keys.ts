// Where published predictors lie in the data bucket, and which of them is in use.

export const predictorsPrefix = 'predictors/';

export const aliasesKey = `${predictorsPrefix}aliases.json`;

/** The network and its parameters, the card, and what the report draws beside it, with the report. */
export type PredictorFile = 'predictor.onnx' | 'predictor.json' | 'card.json' | 'predictions.json' | 'report.html';
/** Key of a file of a published predictor. */
export const predictorKey = (version: string, file: PredictorFile): string => `${predictorsPrefix}${version}/${file}`;
