// The names of the methods that are compared: what a help can say without loading any of them.
export const methodIds = [
  'sugarbush',
  'sugarbush-chosen',
  'sugarbush-descriptor',
  'sugarbush-descriptor-chosen',
  'sugarbush-pool',
  'maple-edge-raw',
  'maple-edge-normalised',
  'ridge',
  'kernel-counts',
] as const;

/** All but the one that trains a predictor a pool. */
export const usualMethods = methodIds.filter((id) => id !== 'sugarbush-pool');

export type MethodId = (typeof methodIds)[number];
