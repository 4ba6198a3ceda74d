// Where models lie in the data bucket: the canonical form of each operator graph under its hash, for good.
export const modelsPrefix = 'models/';

/** Key of a model: gzip-compressed JSON of its canonical graph. */
export const modelKey = (modelId: string): string => `${modelsPrefix}${modelId}.json.gz`;
