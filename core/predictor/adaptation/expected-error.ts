// The error that an adaptation expects of its own predictions, as one number: comparable with the errors that leaving
// measurements out really gives.

import type { LoweringId } from '#core/graph/lowerings.ts';
import type { Forward } from '#core/predictor/types.ts';
import type { Adaptation } from './adaptation.ts';
import { predictLatencies } from './posterior-predictive.ts';

/** Median over the architectures of `forward` of half the central 50 % interval of ln latency: the median of
 * |ln(measured / predicted)| if the posterior is right. */
export function expectedError(adaptation: Adaptation, lowerings: readonly LoweringId[], forward: Forward): number {
  const { lowMs, highMs } = predictLatencies(adaptation, lowerings, forward, { confidence: 0.5 });
  const halves = lowMs.map((low, i) => Math.log(highMs[i]! / low) / 2).sort();
  return halves[Math.floor((halves.length - 1) / 2)]!;
}
