// Which targets a predictor may learn from. A target's own adaptation takes whatever its devices say; what all targets
// share must not, so that one device with bad data, or with very much of it, cannot move the predictions of others.
import type { TargetRecord } from '#core/targets/target-record.ts';

/** An episode of training draws this many networks of a target. */
export const fewestTrainingMeasurements = 64;
/** Or so many operator graphs: they are fewer than architectures, and each is unlike the others. */
export const fewestTrainingGraphs = 12;
/** Predictions of a target's measurements from each other must explain at least this share of their variance; numbers
 * without any relation to the networks explain none. */
export const leastExplained = 0.1;
/** Targets of one device that are learned from: the ones that came first. A target of several
 * counts for the first of them that has room, so that nobody uses up what is another's by measuring it as well. */
export const mostTargetsOfDevice = 32;

export type TrainingVerdict =
  | { readonly enters: true }
  | { readonly enters: false; readonly code: TrainingExclusion; readonly reason: string };

export type TrainingExclusion = 'contradictory' | 'too-few-measurements' | 'unexplained' | 'too-many-of-device';

/** By target id. */
export function trainingVerdicts(records: readonly TargetRecord[]): Map<string, TrainingVerdict> {
  const verdicts = new Map<string, TrainingVerdict>();
  const ofDevice = new Map<string, number>();
  const inOrder = records.toSorted((a, b) => order(a, b));
  for (const record of inOrder) {
    let verdict = judged(record);
    const devices = record.source === 'device' ? record.devices : [];
    if (verdict.enters && devices.length > 0) {
      const withRoom = devices.find((device) => (ofDevice.get(device) ?? 0) < mostTargetsOfDevice);
      if (withRoom !== undefined) ofDevice.set(withRoom, (ofDevice.get(withRoom) ?? 0) + 1);
      else {
        const reason = `${devices.length === 1 ? `device '${devices[0]}' has` : 'each of its devices has'} ${mostTargetsOfDevice} targets before it`;
        verdict = { enters: false, code: 'too-many-of-device', reason };
      }
    }
    verdicts.set(record.targetId, verdict);
  }
  return verdicts;
}

function judged({ quality, qualityReason, measurements, models = 0, explained }: TargetRecord): TrainingVerdict {
  if (quality === 'contradictory') {
    return { enters: false, code: 'contradictory', reason: qualityReason ?? 'its measurements contradict each other' };
  }
  // Architectures and models are learned from apart.
  if (measurements - models < fewestTrainingMeasurements && models < fewestTrainingGraphs) {
    const needed = `at least ${fewestTrainingMeasurements} are needed, or ${fewestTrainingGraphs} of models`;
    const reason = `${measurements} measurements; ${needed}`;
    return { enters: false, code: 'too-few-measurements', reason };
  }
  if (explained === null) {
    return { enters: false, code: 'unexplained', reason: 'all its latencies are equal' };
  }
  if (explained !== undefined && explained < leastExplained) {
    const share = `${(100 * explained).toFixed(0)} % of their variance`;
    return {
      enters: false,
      code: 'unexplained',
      reason: `predicted from each other, its measurements explain ${share}`,
    };
  }
  return { enters: true };
}

/** By creation, then by id. */
function order(a: TargetRecord, b: TargetRecord): number {
  if (a.createdAt !== b.createdAt) return a.createdAt < b.createdAt ? -1 : 1;
  return a.targetId < b.targetId ? -1 : 1;
}
