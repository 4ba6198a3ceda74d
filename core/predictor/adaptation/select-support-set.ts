// Which networks to measure: greedy reduction of the posterior variance summed over candidates, under the learned
// prior. Each pick is the candidate whose measurement would lower that sum most; picks do not depend on latencies, so
// the whole support set is known before anything is measured.
//
// The prior covariance of two networks' ln latency is the mean over the H heads of 1 (the scale) + φ·φ' + δδ', with δ
// how far a head's ln m is from the heads' mean, over networks alike: measurements also tell which head is right.
import { DomainError } from '#core/errors.ts';
import type { Forward, GraphSet, NetworkSet, Predictor } from '#core/predictor/types.ts';
import { searchSpace } from '#core/search-space/registry.ts';
import { workloadKey } from '#core/search-space/workload.ts';

/** Relative noise of a measurement. */
const assumedNoise = 0.03;
/** The median of |N(0, 1)|. */
const medianOfAbsoluteNormal = 0.6745;

export interface SupportSet {
  /** Into the candidates, in the order in which to measure. */
  readonly indices: number[];
  /** Median absolute relative error to expect of predictions, before any and after each measurement [1 + count]. */
  readonly expectedErrors: number[];
  /** Mean posterior variance of ln latency over the candidates, before any and after each measurement [1 + count]. */
  readonly variances: number[];
}

/** @param offered networks of workloads and of none, which are compared with each other; of those of a workload
 * connected ones are chosen
 * @param known what is measured on the target already, of any workload or none: it is not chosen, and what it tells
 * counts
 * @returns indices into all that is offered, one set after the other
 * @throws DomainError `invalid-request` when fewer than `count` are connected and not known yet */
export async function selectSupportSet(
  predictor: Predictor,
  offered: readonly (NetworkSet | GraphSet)[],
  count: number,
  known: readonly (NetworkSet | GraphSet)[] = [],
): Promise<SupportSet> {
  const keys = offered.flatMap(networkKeys);
  const usable = offered.map(connectedOnly);
  let first = 0;
  const indices = usable.flatMap(({ rows, size }) => {
    const own = rows.map((row) => first + row);
    first += size;
    return own;
  });
  const done = new Set(known.flatMap(networkKeys));
  const open = [...indices.keys()].filter((row) => !done.has(keys[indices[row]!]!));
  const forward = await predictor.forward(usable.map(({ set }) => set));
  const { picks, variances } = chooseRows(forward, count, open, await predictor.forward(known));
  return {
    indices: picks.map((i) => indices[i]!),
    expectedErrors: variances.map((variance) => expectedErrorOf(variance, assumedNoise)),
    variances,
  };
}

/** One a network: what is equal has the same. */
function networkKeys(set: NetworkSet | GraphSet): string[] {
  if ('graphs' in set) return set.graphs.map(({ id }) => id);
  const workload = workloadKey(set.workload);
  return set.architectures.map((architecture) => `${workload} ${architecture}`);
}

/** Which rows of a set of `size` networks may be measured, and the set of these alone. */
function connectedOnly(set: NetworkSet | GraphSet) {
  if ('graphs' in set) return { rows: [...set.graphs.keys()], size: set.graphs.length, set };
  const { workload, architectures } = set;
  const space = searchSpace(workload.searchSpace);
  const rows = [...architectures.keys()].filter((i) => space.isConnected(architectures[i]!));
  const usable = { workload, architectures: rows.map((i) => architectures[i]!) };
  return { rows, size: architectures.length, set: usable };
}

export interface ChosenRows {
  /** Rows of the candidates' forward pass, in the order in which to measure. */
  readonly picks: number[];
  /** [1 + count]. */
  readonly variances: number[];
}

/** @param open rows that may be chosen; left out: all
 * @throws DomainError `invalid-request` when there are fewer than `count` */
export function chooseRows(
  candidates: Forward,
  count: number,
  open: readonly number[] = Array.from({ length: candidates.count }, (_, row) => row),
  known: Forward = { count: 0, lnMean: new Float32Array(0), phi: new Float32Array(0) },
): ChosenRows {
  if (open.length < count) {
    throw new DomainError('invalid-request', `${count} networks asked for, only ${open.length} candidates`);
  }
  const n = candidates.count;
  const total = n + known.count;
  const covariance = priorCovariance(candidates, known);
  const condition = (row: number): void => {
    const own = covariance.slice(row * total, (row + 1) * total);
    const scale = 1 / (own[row]! + assumedNoise ** 2);
    for (let i = 0; i < total; i++) {
      const factor = own[i]! * scale;
      for (let j = 0; j < total; j++) covariance[i * total + j]! -= factor * own[j]!;
    }
  };
  for (let row = n; row < total; row++) condition(row);
  const picks: number[] = [];
  const variances = [meanVariance(covariance, n, total)];
  const left = new Set(open);
  while (picks.length < count) {
    let best = -1;
    let bestGain = Number.NEGATIVE_INFINITY;
    for (const row of left) {
      let explained = 0;
      for (let j = 0; j < n; j++) explained += covariance[row * total + j]! ** 2;
      const gain = explained / (covariance[row * total + row]! + assumedNoise ** 2);
      if (gain > bestGain) {
        bestGain = gain;
        best = row;
      }
    }
    picks.push(best);
    left.delete(best);
    condition(best);
    variances.push(meanVariance(covariance, n, total));
  }
  return { picks, variances };
}

/** Prior covariance of ln latency of the candidates, then the known networks, [total × total]. */
export function priorCovariance(candidates: Forward, known: Forward): Float64Array {
  const n = candidates.count;
  const total = n + known.count;
  const H = n === 0 ? 1 : candidates.lnMean.length / n;
  const W = n === 0 ? 0 : candidates.phi.length / n;
  const phi = new Float64Array(total * W);
  phi.set(candidates.phi);
  phi.set(known.phi, n * W);
  const apart = new Float64Array(total * H);
  apart.set(candidates.lnMean);
  apart.set(known.lnMean, n * H);
  for (let i = 0; i < total; i++) {
    const own = apart.subarray(i * H, (i + 1) * H);
    const mean = own.reduce((sum, value) => sum + value, 0) / H;
    for (let h = 0; h < H; h++) own[h]! -= mean;
  }
  for (let h = 0; h < H; h++) {
    let mean = 0;
    for (let i = 0; i < n; i++) mean += apart[i * H + h]! / n;
    for (let i = 0; i < total; i++) apart[i * H + h]! -= mean;
  }
  const covariance = new Float64Array(total * total);
  for (let i = 0; i < total; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = 0;
      for (let q = 0, a = i * W, b = j * W; q < W; q++, a++, b++) sum += phi[a]! * phi[b]!;
      for (let h = 0; h < H; h++) sum += apart[i * H + h]! * apart[j * H + h]!;
      covariance[i * total + j] = 1 + sum / H;
      covariance[j * total + i] = 1 + sum / H;
    }
  }
  return covariance;
}

function meanVariance(covariance: Float64Array, n: number, total: number): number {
  let sum = 0;
  for (let i = 0; i < n; i++) sum += covariance[i * total + i]!;
  return Math.max(sum / n, 0);
}

/** Median absolute relative error where ln latency has this posterior variance and noise of this standard deviation. */
export function expectedErrorOf(variance: number, noise: number): number {
  return medianOfAbsoluteNormal * Math.sqrt(variance + noise ** 2);
}
