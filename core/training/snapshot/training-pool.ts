// From a snapshot to what a fit and its evaluation work on: bounded, whatever the size of the dataset. A fifth of the
// architectures, chosen by their hash, is never trained on, whoever trains: what is evaluated there is unseen.
import { createHash } from 'node:crypto';
import type { TrainingTarget } from '#core/predictor/fitting/episodes.ts';
import type { Architecture, SearchSpace } from '#core/search-space/search-space.ts';
import type { Manifest, SnapshotMeasurements } from './snapshot.ts';
import { fewestTrainingMeasurements } from './training-rule.ts';

export interface PoolLimits {
  /** Architectures to train on: those that most targets have measured. */
  readonly architectures: number;
  /** Architectures to evaluate on. */
  readonly testArchitectures: number;
  /** Targets to train on, spread over hardware. */
  readonly targets: number;
}

/** A fit draws 51,200 × 16 measurements in 800 steps; more targets or architectures than these are seen too seldom to
 * be learned from, and 4,000 × 512 latencies take 16 MB. */
export const poolLimits: PoolLimits = { architectures: 4000, testArchitectures: 1000, targets: 512 };

export interface PoolTarget extends TrainingTarget {
  /** What is held out together has the same one (hardware-key.ts). */
  readonly hardwareKey: string;
}

export interface TrainingPool {
  /** Those to train on, then those to evaluate on. */
  readonly architectures: readonly Architecture[];
  /** How many of them are to train on. */
  readonly trained: number;
  /** Latencies in the order of `architectures`. */
  readonly targets: readonly PoolTarget[];
}

/** The share of architectures that is kept for evaluation: 1 / 5. */
const testShare = 51 / 256;

/** What fits learn from and folds are tested on: targets and architectures chosen from a snapshot within `limits`, the
 * same for the same snapshot. */
export function trainingPool(
  space: SearchSpace,
  manifest: Manifest,
  measurements: SnapshotMeasurements,
  limits: PoolLimits = poolLimits,
): TrainingPool {
  const used = chosenTargets(manifest, limits.targets);
  const usedIndex = new Map(used.map((index, at) => [index, at]));
  const counts = new Int32Array(measurements.texts.length);
  measurements.architecture.forEach((text, row) => {
    if (usedIndex.has(measurements.target[row]!)) counts[text]!++;
  });
  const trained: Ranked[] = [];
  const tested: Ranked[] = [];
  measurements.texts.forEach((text, index) => {
    if (counts[index] === 0) return;
    const digest = createHash('sha256').update(text).digest();
    (digest[0]! / 256 < testShare ? tested : trained).push({
      index,
      count: counts[index]!,
      hash: digest.toString('hex'),
    });
  });
  const most = (ranked: Ranked[], count: number) => ranked.sort(byCount).slice(0, count);
  const trainRows = most(trained, limits.architectures);
  const rows = [...trainRows, ...most(tested, limits.testArchitectures)];
  const rowOf = new Int32Array(measurements.texts.length).fill(-1);
  rows.forEach(({ index }, row) => {
    rowOf[index] = row;
  });
  const columns = used.map(() => new Float64Array(rows.length).fill(Number.NaN));
  measurements.architecture.forEach((text, row) => {
    const column = usedIndex.get(measurements.target[row]!);
    if (column !== undefined && rowOf[text]! >= 0) columns[column]![rowOf[text]!] = measurements.latencyMs[row]!;
  });
  return {
    architectures: rows.map(({ index }) => space.parse(measurements.texts[index]!)),
    trained: trainRows.length,
    targets: used.map((index, at) => {
      const { id, device: hardwareKey } = manifest.targets[index]!;
      return { id, hardwareKey, latencyMs: columns[at]! };
    }),
  };
}

interface Ranked {
  readonly index: number;
  readonly count: number;
  readonly hash: string;
}

/** Measured by most targets first; by hash where as many have. */
const byCount = (a: Ranked, b: Ranked): number => b.count - a.count || (a.hash < b.hash ? -1 : 1);

/** Indices of targets to learn from: one of every hardware in turn, those with most measurements first, until there are
 * enough; in the order of the manifest. */
function chosenTargets({ targets, devices: hardwareKeys }: Manifest, limit: number): number[] {
  const byHardware = new Map<string, number[]>(hardwareKeys.map((key) => [key, []]));
  targets.forEach(({ device, excluded, measurements }, index) => {
    if (excluded === null && measurements >= fewestTrainingMeasurements) byHardware.get(device)?.push(index);
  });
  const queues = [...byHardware.values()].map((indices) =>
    indices.sort((a, b) => targets[b]!.measurements - targets[a]!.measurements || a - b),
  );
  const chosen: number[] = [];
  for (let round = 0; chosen.length < limit && queues.some((queue) => queue.length > round); round++) {
    for (const queue of queues) {
      if (queue.length > round && chosen.length < limit) chosen.push(queue[round]!);
    }
  }
  return chosen.sort((a, b) => a - b);
}
