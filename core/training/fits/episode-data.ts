// From a pool to what a fit learns from: groups of networks of one workload, of one search space, and of all together;
// the targets without those that are held out. The same pool gives the same numbers, whatever the process has counted
// before.
import type { Kernel } from '#core/graph/kernel.ts';
import type { LoweringId } from '#core/graph/lowerings.ts';
import type { EpisodeData, TrainingGroup } from '#core/predictor/fitting/episodes.ts';
import { networkCounts } from '#core/predictor/kernels/count-cache.ts';
import { atBatch, runConstant } from '#core/predictor/kernels/kernel-features.ts';
import { type CountRow, kernelKey } from '#core/predictor/kernels/kernel-table.ts';
import type { SearchSpaceId } from '#core/search-space/search-space.ts';
import { type PoolSet, type TrainingPool, workloadOfColumn } from '#core/training/snapshot/training-pool.ts';

/** How often each kind of group is drawn: networks of all workloads together, of one search space, of one workload. A
 * target's prices are of one scale whatever runs on it, and only networks of several workloads in one step say so. From
 * trials on the shipped tables. */
const weights = { joined: 3, space: 1, workload: 0.5 };
/** Search spaces whose networks have many kernels, each of which comes seldom. */
const spaceWeights: Readonly<Record<string, number>> = { ofa: 0.5 } satisfies Partial<Record<SearchSpaceId, number>>;
const spaceWeight = (space: string | undefined): number => (space === undefined ? 1 : (spaceWeights[space] ?? 1));
/** Fewer networks make no episode, and fewer measurements of a target take no part in one. */
export const fewestNetworks = 12;

export interface HeldOutOfFit {
  /** Hardware keys that must not be learned from. */
  readonly heldOut: readonly string[];
  /** Ids of the only targets to learn from; null: all. */
  readonly only: readonly string[] | null;
}

/** Whether a fit may learn from what was measured on this target. */
export const learnsFrom = (
  { heldOut, only }: HeldOutOfFit,
  { target, hardwareKey }: { readonly target: string; readonly hardwareKey: string },
): boolean => !heldOut.includes(hardwareKey) && (only === null || only.includes(target));

interface MeasuredTarget {
  readonly id: string;
  /** NaN where there is none. */
  readonly latencyMs: Float64Array;
}

/** Those that have measured enough. */
export const usableTargets = (targets: readonly MeasuredTarget[]): MeasuredTarget[] =>
  targets.filter(({ latencyMs }) => latencyMs.filter((value) => !Number.isNaN(value)).length >= fewestNetworks);

/** Networks that are no search space's, counted under the lowerings of the fit. */
export interface CountedGraphs {
  readonly id: string;
  /** How often they are drawn by themselves. */
  readonly weight: number;
  readonly kernels: readonly Kernel[];
  /** [networks][lowerings], indices into `kernels`. */
  readonly networks: readonly (readonly CountRow[])[];
  /** One name a network. */
  readonly families: readonly string[];
  /** One latency a network in ms, NaN where there is none. */
  readonly targets: readonly { readonly id: string; readonly latencyMs: Float64Array }[];
}

/** The data of a fit, without what is held out; a pool without any network that it may learn from has no groups. */
export function episodeData(
  pool: TrainingPool,
  lowerings: readonly LoweringId[],
  leftOut: HeldOutOfFit,
  graphs: readonly CountedGraphs[] = [],
): EpisodeData {
  const workloads: readonly CountedWorkload[] = [
    ...pool.sets.flatMap((set) => workloadsOf(set, lowerings, leftOut)),
    ...graphs,
  ];
  const { kernels, renumber } = numberKernels(workloads);
  const numbered = workloads.map(({ kernels: own, networks, ...rest }) => ({
    ...rest,
    networks: networks.map((rows) => rows.map((row) => renumber(own, row))),
  }));
  const bySpace = [...Map.groupBy(numbered, (own) => own.space ?? own.id)];
  const several = bySpace.filter(([, own]) => own.length > 1);
  // What holds all networks is the first (wholeGroup).
  const groups = [
    ...(bySpace.length > 1 ? [joined('all', weights.joined, numbered)] : []),
    ...several.map(([space, own]) => joined(space, weights.space * spaceWeight(space), own)),
    ...numbered.map((own) => joined(own.id, own.weight ?? weights.workload * spaceWeight(own.space), [own])),
  ];
  return { lowerings, kernels, groups };
}

/** The group of all networks, which is the first: undefined where there is nothing to learn from. */
export const wholeGroup = ({ groups }: EpisodeData): TrainingGroup | undefined => groups[0];

type NumberedWorkload = Pick<CountedWorkload, 'id' | 'families' | 'networks' | 'targets'>;

/** The networks of several workloads, each a family; every target once, NaN where it has not measured a network. */
function joined(id: string, weight: number, workloads: readonly NumberedWorkload[]): TrainingGroup {
  const networks = workloads.flatMap((own) => own.networks);
  const columns = new Map<string, Float64Array>();
  let first = 0;
  for (const { networks: own, targets } of workloads) {
    for (const { id: target, latencyMs } of targets) {
      const column = columns.get(target) ?? new Float64Array(networks.length).fill(Number.NaN);
      column.set(latencyMs, first);
      columns.set(target, column);
    }
    first += own.length;
  }
  return {
    id,
    weight,
    networks,
    families: workloads.flatMap((own) => own.families ?? own.networks.map(() => own.id)),
    // The networks' kernels are of their own batch sizes already.
    targets: [...columns].map(([target, latencyMs]) => ({ id: target, batch: 1, latencyMs })),
  };
}

/** One for each batch size that was measured. */
function workloadsOf(set: PoolSet, lowerings: readonly LoweringId[], leftOut: HeldOutOfFit): CountedWorkload[] {
  // A network that computes nothing says nothing of kernels.
  const rows = Array.from({ length: set.trained }, (_, row) => row).filter((row) =>
    set.space.isConnected(set.architectures[row]!),
  );
  if (rows.length < fewestNetworks) return [];
  const architectures = rows.map((row) => set.architectures[row]!);
  const { table, rows: networks } = networkCounts(lowerings).count({
    workload: workloadOfColumn(set, { batchSize: 1 }),
    architectures,
  });
  const learned = set.columns.filter((column) => learnsFrom(leftOut, column));
  const batchSizes = [...new Set(learned.map(({ batchSize }) => batchSize))].sort((a, b) => a - b);
  return (batchSizes.length === 0 ? [1] : batchSizes).map((batchSize) => ({
    id: `${set.id}/${batchSize}`,
    space: set.space.id,
    kernels: table.kernels.map((kernel) => atBatch(kernel, batchSize)),
    networks,
    targets: usableTargets(
      learned
        .filter((column) => column.batchSize === batchSize)
        .map(({ target, latencyMs }) => ({ id: target, latencyMs: Float64Array.from(rows, (row) => latencyMs[row]!) })),
    ),
  }));
}

/** Rows number the kernels of a table that may hold any others too. Families and a weight are those of graphs. */
interface CountedWorkload extends Partial<Pick<CountedGraphs, 'families' | 'weight'>> {
  readonly id: string;
  readonly space?: SearchSpaceId;
  readonly kernels: readonly Kernel[];
  /** [networks][lowerings]. */
  readonly networks: readonly (readonly CountRow[])[];
  readonly targets: readonly { readonly id: string; readonly latencyMs: Float64Array }[];
}

/** The constant of a run first, then the others in the order of their keys: no matter when which was counted first. */
function numberKernels(workloads: readonly CountedWorkload[]) {
  const keys = new Map<Kernel, string>();
  const byKey = new Map<string, Kernel>();
  for (const { kernels, networks } of workloads) {
    for (const row of networks.flat()) {
      for (const index of row.kernels) {
        const kernel = kernels[index]!;
        if (keys.has(kernel)) continue;
        const key = kernelKey(kernel);
        keys.set(kernel, key);
        byKey.set(key, kernel);
      }
    }
  }
  const first = kernelKey(runConstant);
  const sorted = [first, ...[...byKey.keys()].filter((key) => key !== first).sort()];
  const numberOf = new Map(sorted.map((key, number) => [key, number]));
  const renumber = (kernels: readonly Kernel[], { kernels: own, counts }: CountRow): CountRow => {
    const pairs = Array.from(own, (index, i) => [numberOf.get(keys.get(kernels[index]!)!)!, counts[i]!] as const);
    pairs.sort(([a], [b]) => a - b);
    return { kernels: Int32Array.from(pairs, ([k]) => k), counts: Float64Array.from(pairs, ([, n]) => n) };
  };
  return { kernels: sorted.map((key) => byKey.get(key) ?? runConstant), renumber };
}
