// The error that an adaptation expects of its own predictions, as one number: comparable with the errors that leaving
// measurements out really gives.

import type { Forward } from '#core/predictor/types.ts';
import type { TargetPosterior } from './adaptation.ts';
import { predict } from './posterior-predictive.ts';

/**
 * The error to expect of a target's predictions, in ln latency: half the width of the central interval of mass .5, the
 * median over the architectures of `forward`. It is the median of |ln(measured / predicted)| if the posterior is right.
 */
export function expectedError(adaptation: TargetPosterior, forward: Forward): number {
  const { lowMs, highMs } = predict(adaptation, forward, { confidence: 0.5 });
  const halves = lowMs.map((low, i) => Math.log(highMs[i]! / low) / 2).sort();
  return halves[Math.floor((halves.length - 1) / 2)]!;
}
