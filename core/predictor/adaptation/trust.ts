// Whether predictions for a target should be believed, in one word and one sentence. Decided from the adaptation alone,
// so that it costs a prediction nothing.

import type { Trust } from '#core/predictor/types.ts';
import type { Adaptation } from './adaptation.ts';
import { errorsSentence } from './check-measurements.ts';
import { fewestMeasurements } from './self-check.ts';

export interface TrustAssessment {
  readonly trust: Trust;
  readonly reason: string;
}

/** From so many measurements on, predictions that a constant would beat say that the target is unlike all known ones;
 * with fewer it may be chance. */
const enoughToTell = 20;

/** Trust in predictions from an adaptation, with the reason as a sentence. */
export function assessTrust({ measurements, operators, selfCheck }: Adaptation): TrustAssessment {
  if (typeof selfCheck?.contradiction === 'string') {
    return { trust: 'measure-first', reason: `its measurements contradict each other: ${selfCheck.contradiction}` };
  }
  if (measurements < fewestMeasurements) {
    const only = `${measurements} measurement${measurements === 1 ? '' : 's'}`;
    const beside = operators === undefined ? '' : ` beside a descriptor of ${operators} operators`;
    return { trust: 'measure-first', reason: `${only}${beside}; at least ${fewestMeasurements} are needed` };
  }
  const explained = selfCheck?.leftOut?.explained;
  if (typeof explained === 'number' && explained <= 0 && measurements >= enoughToTell) {
    const reason = 'its measurements do not predict each other better than their mean would: unlike all known targets';
    return { trust: 'out-of-domain', reason };
  }
  if (!selfCheck?.leftOut) return { trust: 'trusted', reason: `${measurements} measurements` };
  const { medianError, error80 } = selfCheck.leftOut;
  const errors = `predicted from each other, ${errorsSentence(medianError, error80)}`;
  return { trust: 'trusted', reason: `${measurements} measurements; ${errors}` };
}
