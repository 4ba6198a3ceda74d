// Operators measured alone as rows of an adaptation: against a Gaussian worked out by hand, and on simulated devices
// whose δ and price of handing over are known.
import { describe, expect, test } from 'vitest';
import { adaptTarget } from '#core/predictor/adaptation/adaptation.ts';
import { forwardRows } from '#core/predictor/adaptation/leave-one-out.ts';
import { lnMoments, predictLatencies } from '#core/predictor/adaptation/posterior-predictive.ts';
import { learnAlone, stepOf, type TargetWithOperators } from '#core/predictor/evaluation/described-targets.ts';
import { featureDimension as P } from '#core/predictor/hypotheses.ts';
import { networkSums } from '#core/predictor/kernels/network-sums.ts';
import { repricedSums } from '#core/predictor/kernels/repriced-sums.ts';
import { type OperatorRows, rowsAlone, sumsAlone } from '#core/predictor/operators/operator-rows.ts';
import type { Forward, HeadParameters, Predictor, PriceTable } from '#core/predictor/types.ts';
import { type Random, seededRandom } from '#core/random.ts';

const range = (end: number): number[] => Array.from({ length: end }, (_, i) => i);
const kernels = 6;

/** Prices of the run's constant and five kernels; ψ has `width` features that are not 0. */
function pricesOf(random: Random, width: number): PriceTable {
  return {
    count: kernels,
    lnMean: range(2).map(() => Float32Array.from(range(kernels), (k) => 0.5 * random.normal() - (k === 0 ? 2 : 0))),
    psi: range(2).map(() =>
      Float32Array.from(range(kernels * P), (at) => (at % P < width ? 0.5 * random.normal() : 0)),
    ),
  };
}

const sumsOf = (prices: PriceTable, counts: readonly (readonly number[])[]): Forward =>
  networkSums(
    prices,
    counts.map((own) => [{ kernels: Int32Array.from(range(kernels)), counts: Float64Array.from(own) }]),
  );

/** A run and 20 to 60 launches of each kernel. */
const networkCounts = (random: Random): number[] => range(kernels).map((k) => (k === 0 ? 1 : 20 + random.integer(40)));
/** A run and one launch of kernel k. */
const operatorCounts = range(kernels - 1).map((k) => range(kernels).map((j) => (j === 0 || j === k + 1 ? 1 : 0)));

const parameters: HeadParameters = {
  lowerings: ['eager'],
  featureDimension: P,
  noiseLevels: [0.1],
  logPriors: [[0], [0]],
};

test('a network and two operators of known prices: the scale is what a Gaussian by hand says', () => {
  const prices = pricesOf(seededRandom(1), 0);
  const forward = sumsOf(prices, [[1, 9, 0, 0, 0, 0], operatorCounts[0]!, operatorCounts[1]!]);
  const alone = { mean: -0.3, deviation: 0.2, noise: 0.15 };
  // ln latency − ln m under net 0.
  const off = [1.1, 0.6, 0.9];
  const latencyMs = Float64Array.from(off, (own, i) => Math.exp(own + forward.lnMean[2 * i]!));
  const adaptation = adaptTarget(parameters, 'hash', forwardRows(forward, [0]), latencyMs.slice(0, 1), {
    heads: [0],
    operators: {
      forward: forwardRows(forward, [1, 2]),
      latencyMs: latencyMs.slice(1),
      tensorBytes: new Float64Array(2),
      alone,
    },
  });
  const head = adaptation.heads.find(({ form }) => form === 'positive')!;
  // The network says the scale with variance σ²; the mean of the operators, less δ's, with d² + ((3σ)² + τ²) / 2.
  const [ofNetwork, ofOperators] = [0.1 ** 2, 0.2 ** 2 + (0.3 ** 2 + 0.15 ** 2) / 2];
  const variance = 1 / (1 / ofNetwork + 1 / ofOperators);
  expect(head.lnScale).toBeCloseTo(variance * (1.1 / ofNetwork + (0.75 + 0.3) / ofOperators), 5);
  expect(head.factor[0]! ** 2).toBeCloseTo(variance, 5);
  expect([head.coordinates, head.weights]).toEqual([[], []]);
  expect(adaptation).toMatchObject({ measurements: 1, operators: 2 });
});

describe('handing over tensors', () => {
  const prices = pricesOf(seededRandom(2), 3);
  const forward = sumsOf(prices, [[1, 3, 3, 3, 3, 3], ...operatorCounts]);
  const operators: OperatorRows = {
    forward: forwardRows(forward, range(forward.count).slice(1)),
    latencyMs: new Float64Array(5).fill(1),
    tensorBytes: Float64Array.of(0, 1e5, 2e5, 3e4, 5e5),
    alone: { mean: -0.1, deviation: 0.05, noise: 0.1 },
  };
  const plain = repricedSums(forward.launches!, 0, 0);
  const sums = sumsAlone(plain, operators, 0);
  const random = seededRandom(3);
  const weights = Float64Array.from(range(P + 2), () => 0.3 * random.normal());

  test('costs as much as a run for each 100 kB at first, and e^1.5 as much at weight 1', () => {
    const run = Math.exp(prices.lnMean[0]![0]!);
    for (const v of [0, 1]) {
      const at = Float64Array.from(range(P + 2), (p) => (p === P ? v : 0));
      const added = sums.lnMean(at).map((ln, i) => Math.exp(ln) - Math.exp(plain.lnMean(at)[i]!));
      [0, 0, 1, 2, 0.3, 5].forEach((runs, i) => {
        expect(added[i]).toBeCloseTo(run * runs * Math.exp(1.5 * v), 6);
      });
    }
  });

  test('φ is the gradient of ln m, of operators alone in two weights more', () => {
    const phi = sums.phi(weights);
    for (const p of [0, 1, 2, 3, P - 1, P, P + 1]) {
      const moved = (by: number) => sums.lnMean(weights.map((w, q) => (q === p ? w + by : w)));
      const [above, below] = [moved(1e-4), moved(-1e-4)];
      for (const i of range(forward.count)) {
        expect(phi[i * (P + 2) + p]).toBeCloseTo((above[i]! - below[i]!) / 2e-4, 5);
      }
    }
    expect([phi[P], phi[P + 1]]).toEqual([0, 0]);
  });

  test('rows at w = 0 are those of the sums there, less the mean of δ', () => {
    const lnLatency = new Float64Array(forward.count);
    const zero = new Float64Array(P + 2);
    const own = { lnMean: plain.lnMean(zero), phi: plain.phi(zero), lnLatency };
    const rows = rowsAlone(own, operators, 0);
    expect(rows.lnMean).toEqual(sums.lnMean(zero));
    expect(rows.phi).toEqual(sums.phi(zero));
    expect([...rows.lnLatency]).toEqual([0, 0.1, 0.1, 0.1, 0.1, 0.1]);
    expect(rows.ownVariance[0]).toBe(0);
    expect(rows.ownVariance[1]).toBeCloseTo(0.01, 12);
    expect([...rows.noiseFactor]).toEqual([1, 3, 3, 3, 3, 3]);
  });
});

describe('simulated devices', () => {
  const random = seededRandom(7);
  const prices = pricesOf(random, 4);
  const counts = range(40).map(() => networkCounts(random));
  const all = sumsOf(prices, [...counts, ...operatorCounts]);
  const tensorBytes = Float64Array.of(2e4, 5e4, 1e5, 2e5, 3e4);
  const networks = forwardRows(all, range(40));
  const forward = forwardRows(
    all,
    range(5).map((i) => 40 + i),
  );
  const exact: HeadParameters = { ...parameters, noiseLevels: [0.02] };
  const predictor = { parameters: exact, identity: { version: 'v', hash: 'h' } } as Predictor;

  /** Positive prices; operators handed over at e^(1.5 v) of the usual, and alone at e^δ. */
  const device = (id: number, delta: number): TargetWithOperators => {
    const own = seededRandom(100 + id);
    const w = Float64Array.from(range(P), (p) => (p < 4 ? 0.5 * own.normal() : 0));
    const v = 0.7 * own.normal();
    const scale = Math.exp(own.normal());
    const lnMean = repricedSums(all.launches!, 0, 0).lnMean(w);
    const handed = tensorBytes.map((bytes) => (Math.exp(prices.lnMean[0]![0]!) * bytes * Math.exp(1.5 * v)) / 1e5);
    const noisy = (ms: number): number => scale * ms * Math.exp(0.005 * own.normal());
    return {
      id: `${id}`,
      runtimeName: null,
      networks,
      latencyMs: Float64Array.from(range(40), (i) => noisy(Math.exp(lnMean[i]!))),
      operators: {
        forward,
        tensorBytes,
        latencyMs: Float64Array.from(range(5), (i) =>
          noisy(Math.exp(delta) * (Math.exp(lnMean[40 + i]!) + handed[i]!)),
        ),
      },
    };
  };
  const deltas = [-0.35, -0.2, -0.3, -0.25, -0.15, -0.3];
  const devices = deltas.map((delta, id) => device(id, delta));

  test('the δ of each is found again, and their mean', () => {
    devices.forEach((target, i) => {
      expect(Math.abs(stepOf(predictor, target, 0.05) - deltas[i]!)).toBeLessThan(0.2);
    });
    const alone = learnAlone(predictor, devices);
    expect(Math.abs(alone.mean + 0.258)).toBeLessThan(0.06);
    expect(alone.deviation).toBeLessThan(0.15);
  });

  test('are predicted from their operators alone, and better with measurements', () => {
    const alone = { mean: -0.26, deviation: 0.08, noise: 0.05 };
    const errors = [0, 3].map((k) =>
      devices.map((target) => {
        const operators = { ...target.operators, alone };
        const support = forwardRows(networks, range(k));
        const adaptation = adaptTarget(exact, 'h', support, target.latencyMs.slice(0, k), { operators });
        const { latencyMs, lowMs, highMs } = predictLatencies(adaptation, ['eager'], networks);
        const inside = range(40).filter((i) => target.latencyMs[i]! > lowMs[i]! && target.latencyMs[i]! < highMs[i]!);
        expect(inside.length).toBeGreaterThan(30);
        const off = latencyMs.map((ms, i) => Math.abs(Math.log(ms / target.latencyMs[i]!)));
        return off.reduce((sum, x) => sum + x, 0) / 40;
      }),
    );
    const mean = errors.map((own) => own.reduce((sum, x) => sum + x, 0) / own.length);
    expect(mean[0]).toBeLessThan(0.14);
    expect(mean[1]).toBeLessThan(0.6 * mean[0]!);
  });

  test('without operators nothing of an adaptation changes, and with none it needs a measurement', () => {
    const { latencyMs } = devices[0]!;
    const plain = adaptTarget(parameters, 'h', networks, latencyMs);
    expect(adaptTarget(parameters, 'h', networks, latencyMs, { operators: undefined })).toEqual(plain);
    expect(plain).not.toHaveProperty('operators');
    const none = () => adaptTarget(parameters, 'h', forwardRows(networks, []), new Float64Array(0));
    expect(none).toThrow(expect.objectContaining({ code: 'too-few-measurements' }));
    expect(lnMoments(plain, ['eager'], networks).mean).toHaveLength(40);
  });
});
