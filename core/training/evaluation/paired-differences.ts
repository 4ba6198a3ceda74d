// Candidate less another model, device by device: the mean and how sure it is. Targets of one device are no independent
// evidence, so a device counts once, whatever number of batch sizes and settings it was measured with.
import type { AccuracyMetric, Score } from '#core/predictors/card.ts';
import { studentT975 } from '#core/statistics/student-t.ts';

export interface DeviceDifference {
  readonly device: string;
  readonly difference: number;
}

/** Mean over the targets of a device, the numbers of measurements and the selections; devices that both models were
 * scored on. By device name. */
export function differencesByDevice(
  candidate: readonly Score[],
  other: readonly Score[],
  metric: AccuracyMetric,
): DeviceDifference[] {
  const keyOf = (s: Score): string => JSON.stringify([s.target, s.measurements, s.selection]);
  const others = new Map(other.map((s) => [keyOf(s), s[metric]]));
  const byDevice = new Map<string, number[]>();
  for (const score of candidate) {
    const [mine, theirs] = [score[metric], others.get(keyOf(score))];
    if (mine === null || theirs === null || theirs === undefined) continue;
    byDevice.set(score.device, [...(byDevice.get(score.device) ?? []), mine - theirs]);
  }
  return [...byDevice]
    .map(([device, values]) => ({ device, difference: meanOf(values) }))
    .sort((a, b) => (a.device < b.device ? -1 : 1));
}

export interface MeanDifference {
  readonly devices: number;
  readonly difference: number;
  /** Of the two-sided 95 % interval of the mean; infinite with fewer than two devices. */
  readonly low: number;
  readonly high: number;
}

/** Student's t over devices. */
export function meanDifference(differences: readonly DeviceDifference[]): MeanDifference {
  const values = differences.map(({ difference }) => difference);
  const devices = values.length;
  const mean = devices === 0 ? 0 : meanOf(values);
  if (devices < 2) {
    return { devices, difference: mean, low: Number.NEGATIVE_INFINITY, high: Number.POSITIVE_INFINITY };
  }
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (devices - 1);
  const half = studentT975(devices - 1) * Math.sqrt(variance / devices);
  return { devices, difference: mean, low: mean - half, high: mean + half };
}

const meanOf = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;
