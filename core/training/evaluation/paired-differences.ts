// Candidate less another model, hardware by hardware: the mean and how sure it is. Targets on one hardware are no
// independent evidence, so it counts once, whatever number of networks, batch sizes and settings it was measured with.
import type { AccuracyMetric, Score } from '#core/predictors/card.ts';
import { studentT975 } from '#core/statistics/student-t.ts';

export interface HardwareDifference {
  readonly hardwareKey: string;
  readonly difference: number;
}

/** Mean over the targets with one hardware key, their workloads, the numbers of measurements and the selections; keys
 * that both models were scored on, in their order. */
export function differencesByHardware(
  candidate: readonly Score[],
  other: readonly Score[],
  metric: AccuracyMetric,
): HardwareDifference[] {
  const keyOf = (s: Score): string =>
    JSON.stringify([s.target, s.searchSpace, s.inputSize, s.batchSize, s.measurements, s.selection]);
  const others = new Map(other.map((s) => [keyOf(s), s[metric]]));
  const byHardware = new Map<string, number[]>();
  for (const score of candidate) {
    const [mine, theirs] = [score[metric], others.get(keyOf(score))];
    if (mine === null || theirs === null || theirs === undefined) continue;
    byHardware.set(score.device, [...(byHardware.get(score.device) ?? []), mine - theirs]);
  }
  return [...byHardware]
    .map(([hardwareKey, values]) => ({ hardwareKey, difference: meanOf(values) }))
    .sort((a, b) => (a.hardwareKey < b.hardwareKey ? -1 : 1));
}

export interface MeanDifference {
  /** Hardware keys that it is the mean over; called `devices` where it is stored. */
  readonly devices: number;
  readonly difference: number;
  /** Ends of the two-sided 95 % interval of the mean; infinite with fewer than two keys. */
  readonly low: number;
  readonly high: number;
}

/** Student's t over hardware keys. */
export function meanDifference(differences: readonly HardwareDifference[]): MeanDifference {
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
