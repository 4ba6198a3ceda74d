// The promotion rule (docs/training.md): a candidate replaces the champion only where it is better beyond noise on the
// mean over hardware keys, and on no hardware and in no search space it loses more than a stated bound. Reasons are
// written either way.

import type { AccuracyMetric, Decision, Difference, Score } from '#core/predictors/card.ts';
import { accuracyMetrics } from '#core/predictors/card.ts';
import { evaluatedMeasurements } from '#core/training/runs/run-settings.ts';
import {
  differencesByHardware,
  type HardwareDifference,
  type MeanDifference,
  meanDifference,
} from './paired-differences.ts';

export interface PromotionBounds {
  /** Share of predictions within ±10 % that targets on any one hardware may lose. */
  readonly within10Loss: number;
  /** Rank correlation that targets on any one hardware may lose. */
  readonly spearmanLoss: number;
  /** The same, on the mean over the hardware that a search space's networks were measured on. */
  readonly spaceWithin10Loss: number;
  readonly spaceSpearmanLoss: number;
  /** Fewer evaluated hardware keys than this decide nothing. */
  readonly fewestHardwareKeys: number;
}

export const promotionBounds: PromotionBounds = {
  within10Loss: 0.05,
  spearmanLoss: 0.03,
  spaceWithin10Loss: 0.03,
  spaceSpearmanLoss: 0.02,
  fewestHardwareKeys: 3,
};

export interface Judged {
  readonly decision: Decision;
  readonly differences: readonly Difference[];
}

/** @param others of the champion where there is one, else of the ridge regression */
export function decide(
  candidate: readonly Score[],
  others: readonly Score[],
  against: Difference['against'],
  bounds: PromotionBounds = promotionBounds,
): Judged {
  const byMetric = new Map(accuracyMetrics.map((metric) => [metric, differencesByHardware(candidate, others, metric)]));
  const differences = [...byMetric].flatMap(([metric, byHardware]) => {
    const mean = meanDifference(byHardware);
    return mean.devices < 2 ? [] : [{ metric, against, ...mean }];
  });
  const within10 = byMetric.get('within10')!;
  const mean = meanDifference(within10);
  if (mean.devices < bounds.fewestHardwareKeys) {
    const reason = `${mean.devices} devices could be evaluated; at least ${bounds.fewestHardwareKeys} are needed to tell an improvement from chance`;
    return { decision: { outcome: 'refused', reasons: [reason] }, differences };
  }
  const checks = [
    better(mean, against),
    noneLoses('device', 'within10', within10.map(ofHardware), bounds.within10Loss, against),
    noneLoses('device', 'spearman', byMetric.get('spearman')!.map(ofHardware), bounds.spearmanLoss, against),
    noneLoses('search space', 'within10', bySpace(candidate, others, 'within10'), bounds.spaceWithin10Loss, against),
    noneLoses('search space', 'spearman', bySpace(candidate, others, 'spearman'), bounds.spaceSpearmanLoss, against),
  ];
  const promoted = checks.every(({ holds }) => holds);
  // What speaks against a refused candidate comes first.
  const reasons = checks.toSorted((a, b) => Number(a.holds) - Number(b.holds)).map(({ reason }) => reason);
  return { decision: { outcome: promoted ? 'promoted' : 'refused', reasons }, differences };
}

interface Check {
  readonly holds: boolean;
  readonly reason: string;
}

const points = (value: number): string => `${value < 0 ? '−' : '+'}${Math.abs(100 * value).toFixed(1)} points`;
const signed = (value: number): string => `${value < 0 ? '−' : '+'}${Math.abs(value).toFixed(3)}`;

function better({ devices, difference, low, high }: MeanDifference, against: string): Check {
  const holds = low > 0;
  const found = `predictions within ±10 % differ from the ${against}'s by ${points(difference)} on average over ${devices} devices, from ${evaluatedMeasurements.join(', ')} measurements (95 % interval ${points(low)} to ${points(high)})`;
  return { holds, reason: `${found}: ${holds ? 'better beyond noise' : 'not better beyond noise'}` };
}

interface NamedDifference {
  readonly name: string;
  readonly difference: number;
}

const ofHardware = ({ hardwareKey, difference }: HardwareDifference): NamedDifference => ({
  name: hardwareKey,
  difference,
});

/** The mean over hardware keys in each search space that both models were scored in. */
function bySpace(candidate: readonly Score[], others: readonly Score[], metric: AccuracyMetric): NamedDifference[] {
  const names = [...new Set(candidate.map(({ searchSpace }) => searchSpace))].sort();
  return names.flatMap((name) => {
    const own = candidate.filter(({ searchSpace }) => searchSpace === name);
    const { devices, difference } = meanDifference(differencesByHardware(own, others, metric));
    return devices === 0 ? [] : [{ name, difference }];
  });
}

function noneLoses(
  kind: 'device' | 'search space',
  metric: AccuracyMetric,
  differences: readonly NamedDifference[],
  bound: number,
  against: string,
): Check {
  const write = metric === 'within10' ? points : signed;
  const name = metric === 'within10' ? 'predictions within ±10 %' : 'rank correlation';
  if (differences.length === 0) return { holds: true, reason: `no ${kind} has a ${name} to compare` };
  const worst = differences.reduce((a, b) => (b.difference < a.difference ? b : a));
  const holds = worst.difference >= -bound;
  const reason = `the worst ${kind} in ${name} against the ${against} is '${worst.name}' with ${write(worst.difference)}; ${write(-bound)} is allowed`;
  return { holds, reason };
}

/** The candidate whose predictions are within ±10 % most often; the first of equals. */
export function bestCandidate<T extends { readonly scores: readonly Score[] }>(candidates: readonly T[]): T {
  const meanWithin10 = ({ scores }: T): number => {
    const values = scores.flatMap(({ within10 }) => (within10 === null ? [] : [within10]));
    return values.length === 0 ? 0 : values.reduce((a, b) => a + b, 0) / values.length;
  };
  return candidates.reduce((a, b) => (meanWithin10(b) > meanWithin10(a) ? b : a));
}
