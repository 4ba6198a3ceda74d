// The names of the methods that are compared: what a help can say without loading any of them.
export const methodIds = [
  'sugarbush',
  'sugarbush-chosen',
  'maple-edge-raw',
  'maple-edge-normalised',
  'ridge',
  'kernel-counts',
] as const;

export type MethodId = (typeof methodIds)[number];
