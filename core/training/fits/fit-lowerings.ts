// Which lowerings predictors that this service trains look at networks under. Each costs time in every step and in
// every prediction; these are the ones that no other can stand for on the shipped targets.
import type { LoweringId } from '#core/graph/lowerings.ts';

export const fitLowerings: readonly LoweringId[] = ['eager', 'fused', 'pruned', 'pruned-sums', 'onnxruntime-all'];
