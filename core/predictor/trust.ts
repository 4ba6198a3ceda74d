// Whether predictions for a target should be believed, in one word and one sentence. Decided from the adaptation alone,
// so that it costs a prediction nothing.
import type { Adaptation } from './adapt.ts';
import { fewestMeasurements, type SelfCheck } from './self-check.ts';
import type { Trust } from './types.ts';

export interface TrustAssessment {
  readonly trust: Trust;
  readonly reason: string;
}

/** From so many measurements on, predictions that a constant would beat say that the target is unlike all known ones;
 * with fewer it may be chance. */
const enoughToTell = 20;

export function assessTrust({ measurements, selfCheck }: Adaptation): TrustAssessment {
  if (selfCheck?.contradictory) {
    return { trust: 'measure-first', reason: `its measurements contradict each other: ${errorsOf(selfCheck)}` };
  }
  if (measurements < fewestMeasurements) {
    const only = `${measurements} measurement${measurements === 1 ? '' : 's'}`;
    return { trust: 'measure-first', reason: `${only}; at least ${fewestMeasurements} are needed` };
  }
  const explained = selfCheck?.leftOut?.explained;
  if (typeof explained === 'number' && explained <= 0 && measurements >= enoughToTell) {
    const reason = 'its measurements do not predict each other better than their mean would: unlike all known targets';
    return { trust: 'out-of-domain', reason };
  }
  const error = selfCheck?.leftOut ? `; ${errorsOf(selfCheck)}` : '';
  return { trust: 'trusted', reason: `${measurements} measurements${error}` };
}

function errorsOf({ leftOut }: SelfCheck): string {
  if (!leftOut) return 'not predicted from each other';
  const { medianError, error80 } = leftOut;
  return `predicted from each other, half are off by more than ${percent(medianError)} and a fifth by more than ${percent(error80)}`;
}

/** A ratio of e^error, as the percentage by which the larger exceeds the smaller. */
const percent = (lnError: number): string => `${(100 * Math.expm1(lnError)).toFixed(1)} %`;
