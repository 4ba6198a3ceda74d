// Shares of a run's time as rows of an adaptation: of a network whose profiler tells that group g takes the share s of
// its kernels' time, s times the latency is what the group's launches take,
//   ln (s · latency) = ln scale + ln m_g + φ_g·w + b_g + noise      b_g ~ N(0, deviation²)   one number a target and
// group
//   m_g = Σ c(x) μ(x) over the launches of the group, without the constant of the run; φ_g accordingly
// b_g is what lies between a profiler and a lowering: other kernels fused, time between kernels, the run's constant. It
// is one more weight for each group, of which only these rows have a feature, so that posterior and evidence stay
// closed form. The noise is beside σ. A group of which some lowering launches nothing is left out under all, for
// evidence compares lowerings by the same data.
import { headsOf, featureDimension as P } from '#core/predictor/hypotheses.ts';
import type { CountRow } from '#core/predictor/kernels/kernel-table.ts';
import { addSums } from '#core/predictor/kernels/network-sums.ts';
import type { NetworkLaunches, RepricedSums } from '#core/predictor/kernels/repriced-sums.ts';
import type { Forward, HeadParameters } from '#core/predictor/types.ts';
import { type GroupShare, groupOfKernel, groupShares, type KernelGroup, kernelGroups } from './kernel-groups.ts';

/** How a group's share differs from what a lowering makes of it, in ln. */
export interface GroupModel {
  /** Standard deviation of b_g, for groups of kernels that compute. */
  readonly deviation: number;
  /** The same for the rest, which runtimes fuse as they like. */
  readonly restDeviation: number;
  /** Standard deviation of a row's own noise. */
  readonly noise: number;
}

/** Set by hand; `sugarbush evaluate-kernel-times` learns it. */
export const assumedGroups: GroupModel = { deviation: 0.2, restDeviation: 0.6, noise: 0.1 };

/** The rows of all networks that have kernel times. */
export interface GroupRows {
  readonly forward: Forward;
  /** s · latency [forward.count]. */
  readonly latencyMs: Float64Array;
  /** Which of the b each row has, an index into the groups [forward.count]. */
  readonly group: Int32Array;
  readonly model: GroupModel;
}

/** Undefined where no network has kernel times.
 * @param latencyMs of the networks */
export function groupRows(
  { lowerings }: Pick<HeadParameters, 'lowerings'>,
  networks: Forward,
  latencyMs: Float64Array,
  model: GroupModel = assumedGroups,
): GroupRows | undefined {
  const { shares, launches } = networks;
  if (shares === undefined || launches === undefined) return undefined;
  const rows = shares.flatMap((own, i) =>
    own === undefined
      ? []
      : groupShares(own).flatMap(({ groups, share }) => {
          const launched = launchesOf(launches[i]!, groups);
          return launched === undefined ? [] : [{ launched, groups, ms: share * latencyMs[i]! }];
        }),
  );
  if (rows.length === 0) return undefined;
  return {
    forward: forwardOf(
      rows.map(({ launched }) => launched),
      networks.heads ?? Array.from(headsOf(lowerings).keys()),
    ),
    latencyMs: Float64Array.from(rows, ({ ms }) => ms),
    group: Int32Array.from(rows, ({ groups }) => indexOf(groups)),
    model,
  };
}

/** All convolutions together have a b of their own, behind those of the groups. */
const indexOf = (groups: GroupShare['groups']): number =>
  groups.length > 1 ? kernelGroups.length : kernelGroups.indexOf(groups[0]!);
const weightCount = kernelGroups.length + 1;
const rest = kernelGroups.indexOf('rest');

const kept = new WeakMap<NetworkLaunches, Map<string, NetworkLaunches | undefined>>();

/** What of a network's launches is of some groups; undefined where that is nothing under some lowering. The same object
 * for the same launches. */
function launchesOf(network: NetworkLaunches, groups: readonly KernelGroup[]): NetworkLaunches | undefined {
  const known = kept.get(network) ?? new Map<string, NetworkLaunches | undefined>();
  kept.set(network, known);
  const key = groups.join(' ');
  if (!known.has(key)) known.set(key, chosenLaunches(network, groups));
  return known.get(key);
}

function chosenLaunches(network: NetworkLaunches, groups: readonly KernelGroup[]): NetworkLaunches | undefined {
  const { kernels } = network;
  if (kernels === undefined) return undefined;
  // The first kernel is the run.
  const isChosen = (kernel: number): boolean => kernel !== 0 && groups.includes(groupOfKernel(kernels[kernel]!));
  const rows = network.rows.map((row): CountRow => {
    const places = [...row.kernels.keys()].filter((at) => isChosen(row.kernels[at]!));
    return {
      kernels: Int32Array.from(places, (at) => row.kernels[at]!),
      counts: Float64Array.from(places, (at) => row.counts[at]!),
    };
  });
  return rows.some((row) => row.kernels.length === 0) ? undefined : { ...network, rows };
}

function forwardOf(launches: readonly NetworkLaunches[], heads: readonly number[]): Forward {
  const lnMean = new Float32Array(launches.length * heads.length);
  const phi = new Float32Array(launches.length * heads.length * P);
  for (const [first, { prices, rows }] of launches.entries()) addSums(prices, [rows], heads, { lnMean, phi, first });
  return { count: launches.length, lnMean, phi, launches };
}

interface Rows {
  /** ln m [n]. */
  readonly lnMean: Float64Array;
  /** φ [n × P]. */
  readonly phi: Float64Array;
  /** ln ms [n]. */
  readonly lnLatency: Float64Array;
}

/** Rows with the features of the b, φ [n × (P + 9)], and with the variance of the groups' own noise.
 * @param first where the groups' rows begin; others may stand behind them */
export function rowsWithGroups(
  rows: Rows,
  groups: GroupRows,
  first: number,
): Rows & { readonly ownVariance: Float64Array } {
  const end = first + groups.latencyMs.length;
  return {
    ...rows,
    phi: withGroups(rows.phi, groups, first, rows.lnMean.length),
    ownVariance: rows.lnMean.map((_, i) => (i < first || i >= end ? 0 : groups.model.noise ** 2)),
  };
}

/** The same for sums whose prices depend on the weights, the b behind those of the kernels [P + 9]. */
export function sumsWithGroups(sums: RepricedSums, groups: GroupRows, first: number, features: number): RepricedSums {
  return {
    lnMean(weights) {
      const lnMean = sums.lnMean(weights);
      groups.group.forEach((group, i) => {
        lnMean[first + i]! += deviationOf(groups.model, group) * weights[features + group]!;
      });
      return lnMean;
    },
    phi(weights) {
      const phi = sums.phi(weights);
      return withGroups(phi, groups, first, phi.length / features);
    },
  };
}

const deviationOf = ({ deviation, restDeviation }: GroupModel, group: number): number =>
  group === rest ? restDeviation : deviation;

function withGroups(phi: Float64Array, { group, model }: GroupRows, first: number, n: number): Float64Array {
  const features = phi.length / n;
  const width = features + weightCount;
  const wider = new Float64Array(n * width);
  for (let i = 0; i < n; i++) wider.set(phi.subarray(i * features, (i + 1) * features), i * width);
  group.forEach((own, i) => {
    wider[(first + i) * width + features + own] = deviationOf(model, own);
  });
  return wider;
}
