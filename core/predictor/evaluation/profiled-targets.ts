// What kernel times are worth: predictions of targets from k networks with and without their shares, how far shares are
// to be believed, learned from targets that have both, and how a prediction's own shares agree with a profiler's.
import type { KernelShares } from '#core/dataset/kernel-times/kernel-shares.ts';
import type { Adaptation } from '#core/predictor/adaptation/adaptation.ts';
import { adaptCalibrated } from '#core/predictor/adaptation/calibrate.ts';
import { forwardRows } from '#core/predictor/adaptation/leave-one-out.ts';
import { lnMoments, predictLatencies } from '#core/predictor/adaptation/posterior-predictive.ts';
import { assumedGroups, type GroupModel } from '#core/predictor/kernel-times/group-rows.ts';
import {
  groupOfKernel,
  groupShares,
  type KernelGroup,
  kernelGroups,
} from '#core/predictor/kernel-times/kernel-groups.ts';
import { isRunConstant } from '#core/predictor/kernels/kernel-features.ts';
import type { Forward, Predictor } from '#core/predictor/types.ts';
import { breakDown } from '#core/predictor/whole-networks/breakdown.ts';
import type { PricedNetwork } from '#core/predictor/whole-networks/launched-network.ts';
import { seededRandom } from '#core/random.ts';
import { spearman } from '#core/statistics/ranks.ts';
import { type Accuracy, accuracy } from './metrics.ts';

/** A target whose networks have kernel times, at least some of them. */
export interface ProfiledTarget {
  readonly id: string;
  /** With their shares. */
  readonly networks: Forward;
  /** [networks.count]. */
  readonly latencyMs: Float64Array;
}

/** How well networks that are not among `support` are predicted.
 * @param support rows of the networks that were measured
 * @param groups null: without their shares */
export function scoreProfiled(
  predictor: Predictor,
  target: ProfiledTarget,
  support: readonly number[],
  groups: GroupModel | null,
): Accuracy {
  const adaptation = adaptedTo(predictor, target, support, groups);
  const predicted = predictLatencies(adaptation, predictor.parameters.lowerings, target.networks);
  const rows = rowsBeside(target, support);
  return accuracy(target.latencyMs, predicted, { trimmed: rows, all: rows });
}

/** Adapted to some of a target's networks.
 * @param groups null: without their shares */
export function adaptedTo(
  { parameters, identity }: Predictor,
  { networks, latencyMs }: ProfiledTarget,
  support: readonly number[],
  groups: GroupModel | null,
): Adaptation {
  const { shares, ...measured } = forwardRows(networks, support);
  const own = groups === null || shares === undefined ? measured : { ...measured, shares };
  const ownMs = Float64Array.from(support, (row) => latencyMs[row]!);
  return adaptCalibrated(parameters, identity.hash, own, ownMs, groups === null ? {} : { groups });
}

const rowsBeside = ({ latencyMs }: ProfiledTarget, support: readonly number[]): number[] => {
  const measured = new Set(support);
  return [...latencyMs.keys()].filter((row) => !measured.has(row));
};

const choices: readonly GroupModel[] = [0.1, 0.2, 0.4].flatMap((deviation) =>
  [0.05, 0.1, 0.2].map((noise) => ({ ...assumedGroups, deviation, noise })),
);

/** The model of groups under which some networks of the targets predict their others best, by the mean ln density of
 * their latencies.
 * @param k how many networks of each target, drawn with `seed` */
export function learnGroups(
  predictor: Predictor,
  targets: readonly ProfiledTarget[],
  k: number,
  seed: number,
): GroupModel {
  const learned = choices.map((groups) => ({
    groups,
    density: targets.reduce((sum, target) => sum + lnDensity(predictor, target, groups, k, seed), 0),
  }));
  return learned.reduce((best, own) => (own.density > best.density ? own : best)).groups;
}

function lnDensity(predictor: Predictor, target: ProfiledTarget, groups: GroupModel, k: number, seed: number): number {
  const support = [...seededRandom(seed).choose(target.networks.count, k)];
  const adaptation = adaptedTo(predictor, target, support, groups);
  const { mean, deviation } = lnMoments(adaptation, predictor.parameters.lowerings, target.networks);
  const rows = rowsBeside(target, support);
  return (
    rows.reduce((sum, row) => {
      const off = (Math.log(target.latencyMs[row]!) - mean[row]!) / deviation[row]!;
      return sum - 0.5 * off * off - Math.log(deviation[row]!);
    }, 0) / rows.length
  );
}

/** How a prediction's shares agree with a profiler's, over networks and groups. */
export interface ShareAgreement {
  /** Mean of |predicted − measured| over groups that either has, in shares of the kernels' time. */
  readonly meanDifference: number;
  /** Spearman of the groups' shares within a network, mean over networks. */
  readonly spearman: number;
  /** Mean shares by group. */
  readonly groups: readonly {
    readonly group: KernelGroup;
    readonly predicted: number;
    readonly measured: number;
    readonly meanDifference: number;
  }[];
}

/** @param networks with what a profiler told of each */
export function agreementOf(
  adaptation: Adaptation,
  networks: readonly { readonly network: PricedNetwork; readonly shares: KernelShares }[],
): ShareAgreement | undefined {
  const pairs = networks.flatMap(({ network, shares }) => {
    const told = groupShares(shares);
    if (told.length === 0 || told.some(({ groups }) => groups.length > 1)) return [];
    const measured = new Map(told.map(({ groups: [group], share }) => [group!, share]));
    return [{ measured, predicted: predictedShares(adaptation, network) }];
  });
  if (pairs.length === 0) return undefined;
  const has = (group: KernelGroup): boolean => pairs.some((p) => p.measured.has(group) || p.predicted.has(group));
  const groups = kernelGroups.filter(has);
  const at = (shares: ReadonlyMap<KernelGroup, number>): Float64Array =>
    Float64Array.from(groups, (group) => shares.get(group) ?? 0);
  const mean = (of: (pair: (typeof pairs)[number]) => number): number =>
    pairs.reduce((sum, pair) => sum + of(pair), 0) / pairs.length;
  const told = groups.map((group) => ({
    group,
    predicted: mean(({ predicted }) => predicted.get(group) ?? 0),
    measured: mean(({ measured }) => measured.get(group) ?? 0),
    meanDifference: mean(({ predicted, measured }) =>
      Math.abs((predicted.get(group) ?? 0) - (measured.get(group) ?? 0)),
    ),
  }));
  return {
    meanDifference: told.reduce((sum, { meanDifference }) => sum + meanDifference, 0) / told.length,
    spearman: mean(({ predicted, measured }) => spearman(at(predicted), at(measured))),
    groups: told,
  };
}

/** Shares of the time of a run's kernels, without its constant. */
function predictedShares(adaptation: Adaptation, network: PricedNetwork): Map<KernelGroup, number> {
  const { lowering, launchMs } = breakDown(adaptation, network, 1);
  const sums = new Map<KernelGroup, number>();
  let total = 0;
  network.launches.get(lowering)!.forEach(({ kernel }, i) => {
    const own = network.kernels[kernel]!;
    if (isRunConstant(own)) return;
    total += launchMs[i]!;
    sums.set(groupOfKernel(own), (sums.get(groupOfKernel(own)) ?? 0) + launchMs[i]!);
  });
  return new Map([...sums].map(([group, ms]) => [group, ms / total]));
}
