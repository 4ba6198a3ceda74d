// From a snapshot to what a fit and its evaluation work on: bounded, whatever the size of the dataset. A fifth of the
// architectures, chosen by their hash, is never trained on, whoever trains: what is evaluated there is unseen.
import { createHash } from 'node:crypto';
import { searchSpace as searchSpaceOf } from '#core/search-space/registry.ts';
import type { Architecture, SearchSpace, SearchSpaceId } from '#core/search-space/search-space.ts';
import type { Workload } from '#core/search-space/workload.ts';
import type { Manifest, SnapshotMeasurements, SnapshotTarget } from './snapshot.ts';
import { fewestTrainingMeasurements } from './training-rule.ts';

export interface PoolLimits {
  /** Architectures of a set to train on: those that were measured most often. */
  readonly architectures: number;
  /** Architectures of a set to evaluate on. */
  readonly testArchitectures: number;
  /** Targets to train on, spread over hardware. */
  readonly targets: number;
}

/** A step draws 64 networks: more than these are seen too seldom to be learned from, and their kernels, under every
 * lowering, take minutes to count. */
export const poolLimits: PoolLimits = { architectures: 1500, testArchitectures: 500, targets: 512 };

/** Measured on one target at one batch size. */
export interface PoolColumn {
  readonly target: string;
  /** What is held out together has the same one (hardware-key.ts). */
  readonly hardwareKey: string;
  readonly batchSize: number;
  /** ms, in the order of the set's architectures; NaN where there is none. */
  readonly latencyMs: Float64Array;
}

/** Networks of one search space at one input size. */
export interface PoolSet {
  /** `nasbench201/32`, `ofa/-`. */
  readonly id: string;
  readonly space: SearchSpace;
  readonly inputSize: number | null;
  /** Those to train on, then those to evaluate on. */
  readonly architectures: readonly Architecture[];
  /** How many of them are to train on. */
  readonly trained: number;
  readonly columns: readonly PoolColumn[];
}

export interface TrainingPool {
  /** By id. */
  readonly sets: readonly PoolSet[];
}

/** The share of architectures that is kept for evaluation: 1 / 5. */
const testShare = 51 / 256;

/** Sets differ in search space and input size; batch sizes are columns of one. */
export const setIdOf = ({ searchSpace, inputSize }: Pick<Workload, 'searchSpace' | 'inputSize'>): string =>
  `${searchSpace}/${inputSize ?? '-'}`;

/** What a column of a set was measured with. */
export const workloadOfColumn = (
  { space, inputSize }: Pick<PoolSet, 'space' | 'inputSize'>,
  { batchSize }: Pick<PoolColumn, 'batchSize'>,
): Workload => ({ searchSpace: space.id as SearchSpaceId, inputSize, batchSize });

const ofArchitectures: Enough = { measured: ({ measurements }) => measurements, fewest: fewestTrainingMeasurements };

/** The targets that may be learned from, on the architectures that were measured most often. */
export function trainingPool(
  manifest: Manifest,
  measurements: SnapshotMeasurements,
  limits: PoolLimits = poolLimits,
): TrainingPool {
  const used = new Set(chosenTargets(manifest, limits.targets, ofArchitectures));
  const rowsOf = new Map<string, number[]>();
  measurements.workload.forEach((workload, row) => {
    if (!used.has(measurements.target[row]!)) return;
    const id = setIdOf(measurements.workloads[workload]!);
    const rows = rowsOf.get(id);
    if (rows) rows.push(row);
    else rowsOf.set(id, [row]);
  });
  const ids = [...rowsOf.keys()].sort();
  return { sets: ids.map((id) => poolSet(id, manifest, measurements, rowsOf.get(id)!, limits)) };
}

/** @param rows of the measurements, all of one search space and input size */
function poolSet(
  id: string,
  manifest: Manifest,
  measurements: SnapshotMeasurements,
  rows: readonly number[],
  limits: PoolLimits,
): PoolSet {
  const { texts, workloads, workload, target, architecture, latencyMs } = measurements;
  const counts = new Map<number, number>();
  for (const row of rows) counts.set(architecture[row]!, (counts.get(architecture[row]!) ?? 0) + 1);
  const trained: Ranked[] = [];
  const tested: Ranked[] = [];
  for (const [index, count] of counts) {
    const digest = createHash('sha256').update(texts[index]!).digest();
    (digest[0]! / 256 < testShare ? tested : trained).push({ index, count, hash: digest.toString('hex') });
  }
  const most = (ranked: Ranked[], count: number) => ranked.sort(byCount).slice(0, count);
  const trainRows = most(trained, limits.architectures);
  const kept = [...trainRows, ...most(tested, limits.testArchitectures)];
  const placeOf = new Map(kept.map(({ index }, place) => [index, place]));
  const columns = new Map<string, PoolColumn>();
  for (const row of rows) {
    const place = placeOf.get(architecture[row]!);
    if (place === undefined) continue;
    const { batchSize } = workloads[workload[row]!]!;
    const key = `${target[row]} ${batchSize}`;
    let column = columns.get(key);
    if (column === undefined) {
      const { id: name, hardwareKey } = manifest.targets[target[row]!]!;
      column = { target: name, hardwareKey, batchSize, latencyMs: new Float64Array(kept.length).fill(Number.NaN) };
      columns.set(key, column);
    }
    column.latencyMs[place] = latencyMs[row]!;
  }
  const { searchSpace, inputSize } = workloads[workload[rows[0]!]!]!;
  const space = searchSpaceOf(searchSpace);
  return {
    id,
    space,
    inputSize,
    architectures: kept.map(({ index }) => space.parse(texts[index]!)),
    trained: trainRows.length,
    columns: [...columns.values()],
  };
}

interface Ranked {
  readonly index: number;
  readonly count: number;
  readonly hash: string;
}

/** Measured most often first; by hash where as often. */
const byCount = (a: Ranked, b: Ranked): number => b.count - a.count || (a.hash < b.hash ? -1 : 1);

/** What makes a target worth learning from. */
interface Enough {
  readonly measured: (target: SnapshotTarget) => number;
  readonly fewest: number;
}

/** Indices of targets to learn from: one of every hardware in turn, those with most measurements first, until there are
 * enough. */
export function chosenTargets(
  { targets, hardwareKeys }: Manifest,
  limit: number,
  { measured, fewest }: Enough,
): number[] {
  const byHardware = new Map<string, number[]>(hardwareKeys.map((key) => [key, []]));
  targets.forEach((target, index) => {
    if (target.excluded === null && measured(target) >= fewest) byHardware.get(target.hardwareKey)?.push(index);
  });
  const queues = [...byHardware.values()].map((indices) =>
    indices.sort((a, b) => measured(targets[b]!) - measured(targets[a]!) || a - b),
  );
  const chosen: number[] = [];
  for (let round = 0; chosen.length < limit && queues.some((queue) => queue.length > round); round++) {
    for (const queue of queues) {
      if (queue.length > round && chosen.length < limit) chosen.push(queue[round]!);
    }
  }
  return chosen;
}
