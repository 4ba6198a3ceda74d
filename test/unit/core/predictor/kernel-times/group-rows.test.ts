// Shares of kernels as rows of an adaptation: against a Gaussian worked out by hand, and on simulated devices whose
// prices are known.
import { describe, expect, test } from 'vitest';
import { kernelShares } from '#core/dataset/kernel-times/kernel-shares.ts';
import type { Kernel, KernelKind } from '#core/graph/kernel.ts';
import { adaptTarget } from '#core/predictor/adaptation/adaptation.ts';
import { forwardRows } from '#core/predictor/adaptation/leave-one-out.ts';
import { predictLatencies } from '#core/predictor/adaptation/posterior-predictive.ts';
import { featureDimension as P } from '#core/predictor/hypotheses.ts';
import { groupRows, rowsWithGroups, sumsWithGroups } from '#core/predictor/kernel-times/group-rows.ts';
import { groupShares } from '#core/predictor/kernel-times/kernel-groups.ts';
import { runConstant } from '#core/predictor/kernels/kernel-features.ts';
import { networkSums } from '#core/predictor/kernels/network-sums.ts';
import { repricedSums } from '#core/predictor/kernels/repriced-sums.ts';
import type { Forward, HeadParameters, PriceTable } from '#core/predictor/types.ts';
import { type Random, seededRandom } from '#core/random.ts';
import { median } from '#core/statistics/quantile.ts';

const range = (end: number): number[] => Array.from({ length: end }, (_, i) => i);
const kernel = (kind: KernelKind, side: number): Kernel => ({ ...runConstant, kind, window: [side, side] });
const kernels = [
  runConstant,
  kernel('convolution', 1),
  kernel('convolution', 3),
  kernel('depthwise-convolution', 3),
  kernel('pool', 3),
  kernel('sum', 1),
];
const words = ['', 'convolution/1x1', 'convolution/3x3', 'depthwise-convolution/3x3', 'pool', 'sum'];

function pricesOf(random: Random, width: number): PriceTable {
  return {
    count: kernels.length,
    lnMean: range(2).map(() => Float32Array.from(kernels, (_, k) => 0.5 * random.normal() - (k === 0 ? 2 : 0))),
    psi: range(2).map(() =>
      Float32Array.from(range(kernels.length * P), (at) => (at % P < width ? 0.7 * random.normal() : 0)),
    ),
  };
}

/** @param counts launches of each kernel [networks][lowerings][kernels] */
function sumsOf(prices: PriceTable, counts: readonly (readonly (readonly number[])[])[]): Forward {
  const rows = counts.map((own) =>
    own.map((all) => {
      const used = range(all.length).filter((k) => all[k]! > 0);
      return { kernels: Int32Array.from(used), counts: Float64Array.from(used, (k) => all[k]!) };
    }),
  );
  const forward = networkSums(prices, rows);
  return { ...forward, launches: forward.launches!.map((own) => ({ ...own, kernels })) };
}

const parameters: HeadParameters = {
  lowerings: ['eager'],
  featureDimension: P,
  noiseLevels: [0.05],
  logPriors: [[0], [0]],
};

describe('groups of a profile', () => {
  test('convolutions by window, products together, everything else the rest', () => {
    const shares = {
      'convolution/1x1': 0.25,
      'convolution/3x3': 0.25,
      'convolution/5x5': 0.125,
      'depthwise-convolution/1x1': 0.0625,
      'fully-connected': 0.0625,
      'batched-product': 0.125,
      activation: 0.0625,
      sum: 0.0625,
    };
    expect(groupShares(shares)).toEqual([
      { groups: ['convolution-1'], share: 0.25 },
      { groups: ['convolution-wide'], share: 0.375 },
      { groups: ['rest'], share: 0.1875 },
      { groups: ['product'], share: 0.1875 },
    ]);
  });

  test('convolutions of which some have no window are one group', () => {
    expect(groupShares({ convolution: 0.5, 'convolution/1x1': 0.25, pool: 0.25 })).toEqual([
      { groups: ['convolution-1', 'convolution-wide'], share: 0.75 },
      { groups: ['pool'], share: 0.25 },
    ]);
  });

  test('a run of which much is of no known kind says nothing, and a speck of a group neither', () => {
    expect(groupShares({ 'convolution/1x1': 0.9, other: 0.1 })).toEqual([]);
    expect(groupShares({ 'convolution/1x1': 0.997, pool: 0.003 })).toHaveLength(1);
  });

  test('shares of a kind are added up', () => {
    const kinds = ['sum', 'pool'];
    const times = { formatVersion: 1, profiler: 'onnxruntime', runs: 9, kinds, kernels: [0, 1, 0] } as const;
    expect(Object.entries(kernelShares({ ...times, kinds, kernels: [0, 1, 0], shares: [0.25, 0.5, 0.125] }))).toEqual([
      ['pool', 0.5],
      ['sum', 0.375],
    ]);
  });
});

test('a network and the share of one of its groups: the scale is what a Gaussian by hand says', () => {
  const forward = sumsOf(pricesOf(seededRandom(1), 0), [[[1, 8, 4, 0, 0, 2]]]);
  const ofGroup = sumsOf(pricesOf(seededRandom(1), 0), [[[0, 8, 0, 0, 0, 0]]]);
  const shares = [{ 'convolution/1x1': 0.4 }];
  const groups = { deviation: 0.3, restDeviation: 1, noise: 0.1 };
  const lnLatency = 1.2;
  const adaptation = adaptTarget(parameters, 'hash', { ...forward, shares }, Float64Array.of(Math.exp(lnLatency)), {
    heads: [0],
    groups,
  });
  const head = adaptation.heads.find(({ form }) => form === 'positive')!;
  const [ofNetwork, ofShare] = [0.05 ** 2, 0.3 ** 2 + 0.05 ** 2 + 0.1 ** 2];
  const variance = 1 / (1 / ofNetwork + 1 / ofShare);
  const told =
    (lnLatency - forward.lnMean[0]!) / ofNetwork + (lnLatency + Math.log(0.4) - ofGroup.lnMean[0]!) / ofShare;
  expect(head.lnScale).toBeCloseTo(variance * told, 5);
  expect(head.factor[0]! ** 2).toBeCloseTo(variance, 5);
  expect([head.coordinates, head.weights, adaptation.measurements]).toEqual([[], [], 1]);
});

describe('rows', () => {
  const forward = sumsOf(pricesOf(seededRandom(2), 3), [[[1, 3, 3, 3, 3, 3]], [[1, 9, 1, 0, 2, 4]]]);
  const shares = [{ 'convolution/1x1': 0.5, sum: 0.25 }, undefined];
  const latencyMs = Float64Array.of(2, 3);

  test('stand for the networks that have shares, without the run', () => {
    const groups = groupRows(parameters, { ...forward, shares }, latencyMs)!;
    expect([...groups.latencyMs]).toEqual([1, 0.5]);
    expect(groups.forward.launches!.map(({ rows }) => [...rows[0]!.kernels])).toEqual([[1], [5]]);
    expect(groupRows(parameters, forward, latencyMs)).toBeUndefined();
    expect(groupRows(parameters, { ...forward, shares: [undefined, undefined] }, latencyMs)).toBeUndefined();
  });

  test('of a network that is left out are left out with it', () => {
    expect(forwardRows({ ...forward, shares }, [1]).shares).toEqual([undefined]);
    expect(groupRows(parameters, forwardRows({ ...forward, shares }, [1]), latencyMs.slice(1))).toBeUndefined();
  });

  test('of a group that some lowering does not launch are left out', () => {
    const two = sumsOf(pricesOf(seededRandom(2), 3), [
      [
        [1, 3, 3, 3, 3, 3],
        [1, 3, 3, 3, 0, 0],
      ],
    ]);
    const own = { ...two, shares: [{ 'convolution/1x1': 0.5, pool: 0.25, sum: 0.25 }] };
    const groups = groupRows({ lowerings: ['eager', 'fused'] }, own, Float64Array.of(1))!;
    expect([...groups.latencyMs]).toEqual([0.5]);
  });

  test('φ is the gradient of ln m, and at w = 0 both ways are the same', () => {
    const groups = groupRows(parameters, { ...forward, shares }, latencyMs)!;
    const all = sumsOf(pricesOf(seededRandom(2), 3), [
      [[1, 3, 3, 3, 3, 3]],
      [[1, 9, 1, 0, 2, 4]],
      [[0, 3, 0, 0, 0, 0]],
      [[0, 0, 0, 0, 0, 3]],
    ]);
    const plain = repricedSums(all.launches!, 0, 0);
    const sums = sumsWithGroups(plain, groups, 2, P);
    const random = seededRandom(3);
    const weights = Float64Array.from(range(P + 9), () => 0.3 * random.normal());
    const phi = sums.phi(weights);
    for (const p of range(P + 9)) {
      const moved = (by: number) => sums.lnMean(weights.map((w, q) => (q === p ? w + by : w)));
      const [above, below] = [moved(1e-4), moved(-1e-4)];
      for (const i of range(4)) expect(phi[i * (P + 9) + p]).toBeCloseTo((above[i]! - below[i]!) / 2e-4, 5);
    }
    const zero = new Float64Array(P + 9);
    const rows = rowsWithGroups(
      { lnMean: plain.lnMean(zero), phi: plain.phi(zero), lnLatency: new Float64Array(4) },
      groups,
      2,
    );
    expect(rows.phi).toEqual(sums.phi(zero));
    expect([...rows.ownVariance].map((own) => Number(own.toFixed(9)))).toEqual([0, 0, 0.01, 0.01]);
  });
});

describe('simulated devices', () => {
  const random = seededRandom(7);
  const prices = pricesOf(random, 4);
  const counts = range(40).map(() => [kernels.map((_, k) => (k === 0 ? 1 : 1 + random.integer(30)))]);
  const forward = sumsOf(prices, counts);

  /** Positive prices; a profiler that tells each kernel with an error of 2 %. */
  function device(id: number) {
    const own = seededRandom(100 + id);
    const w = Float64Array.from(range(P), (p) => (p < 4 ? own.normal() : 0));
    const price = kernels.map((_, k) => {
      const product = range(4).reduce((sum, p) => sum + prices.psi[0]![k * P + p]! * w[p]!, 0);
      return Math.exp(prices.lnMean[0]![k]! + product);
    });
    const kernelMs = counts.map(([all]) => all!.map((n, k) => n * price[k]!));
    const latencyMs = Float64Array.from(
      kernelMs,
      (ms) => ms.reduce((a, b) => a + b, 0) * Math.exp(0.005 * own.normal()),
    );
    const shares = kernelMs.map((ms) => {
      const told = ms.map((each, k) => (k === 0 ? 0 : each * Math.exp(0.02 * own.normal())));
      const total = told.reduce((a, b) => a + b, 0);
      return Object.fromEntries(words.slice(1).map((word, at) => [word, told[at + 1]! / total]));
    });
    return { latencyMs, shares };
  }

  /** Median error over the networks that are not measured, of the devices' mean. */
  function error(k: number, isProfiled: boolean): number {
    const errors = range(6).map((id) => {
      const { latencyMs, shares } = device(id);
      const { shares: own, ...measured } = forwardRows({ ...forward, shares }, range(k));
      const networks = isProfiled ? { ...measured, shares: own! } : measured;
      const adaptation = adaptTarget(parameters, 'hash', networks, latencyMs.slice(0, k), { heads: [0] });
      const predicted = predictLatencies(adaptation, parameters.lowerings, forward).latencyMs;
      return median(
        range(40)
          .slice(k)
          .map((i) => Math.abs(predicted[i]! / latencyMs[i]! - 1)),
      );
    });
    return errors.reduce((sum, own) => sum + own, 0) / errors.length;
  }

  test('one network with the shares of its kernels says more than one without', () => {
    expect(error(1, true)).toBeLessThan(0.6 * error(1, false));
    expect(error(2, true)).toBeLessThan(0.8 * error(2, false));
  });

  test('a target without kernel times is adapted as before, to the bit', () => {
    const { latencyMs } = device(1);
    const adapt = (networks: Forward) => adaptTarget(parameters, 'hash', networks, latencyMs);
    expect(adapt({ ...forward, shares: range(40).map(() => undefined) })).toEqual(adapt(forward));
  });
});
