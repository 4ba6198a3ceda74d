// Adaptation against the same posterior kept apart by hypothesis (core/predictor/adaptation, itself tested against the
// Python reference), and selection against conditioning written out.
import { describe, expect, test } from 'vitest';
import { dot } from '#core/matrix/small-matrix.ts';
import { adaptationSchema, adaptTarget } from '#core/predictor/adaptation/adaptation.ts';
import { adaptCalibrated } from '#core/predictor/adaptation/calibrate.ts';
import { posteriorOf, supportSystem } from '#core/predictor/adaptation/posterior.ts';
import { lnMoments, predictLatencies } from '#core/predictor/adaptation/posterior-predictive.ts';
import { chooseRows } from '#core/predictor/adaptation/select-support-set.ts';
import { oneReach } from '#core/predictor/hypotheses.ts';
import type { Forward, HeadParameters } from '#core/predictor/types.ts';
import { seededRandom } from '#core/random.ts';

const [P, H] = [6, 2];
const random = seededRandom(9);
const count = 40;
/** The last coordinate is touched by the last network only. */
const forward: Forward = {
  count,
  lnMean: Float32Array.from({ length: count * H }, () => 0.3 * random.normal()),
  phi: Float32Array.from({ length: count * H * P }, (_, i) =>
    i % P === P - 1 && Math.floor(i / (H * P)) < count - 1 ? 0 : 0.3 * random.normal(),
  ),
};
const w = [0.4, -0.6, 0.2, 0.9, -0.3, 0];
const latency = Float64Array.from({ length: count }, (_, i) => {
  const phi = forward.phi.subarray(i * H * P, i * H * P + P);
  return (
    7 *
    Math.exp(forward.lnMean[i * H]!) *
    (1 + phi.reduce((sum, v, p) => sum + v * w[p]!, 0)) *
    (1 + 0.01 * random.normal())
  );
});
const rows = (indices: readonly number[]): Forward => ({
  count: indices.length,
  lnMean: Float32Array.from(indices.flatMap((i) => [...forward.lnMean.subarray(i * H, (i + 1) * H)])),
  phi: Float32Array.from(indices.flatMap((i) => [...forward.phi.subarray(i * H * P, (i + 1) * H * P)])),
});
const range = (end: number): number[] => Array.from({ length: end }, (_, i) => i);
const parameters = (noiseLevels: readonly number[]): HeadParameters => ({
  lowerings: ['eager'],
  featureDimension: P,
  noiseLevels: [...noiseLevels],
  logPriors: range(H).map(() => noiseLevels.map(() => -Math.log(H * noiseLevels.length))),
});
const adapted = (k: number, noiseLevels: readonly number[]) =>
  adaptTarget(parameters(noiseLevels), 'hash', rows(range(k)), latency.slice(0, k), {
    outlierShare: 0,
    reaches: oneReach,
  });

describe.each([4, 30])('from %i measurements, under one noise level', (k) => {
  const adaptation = adapted(k, [0.01]);

  test('the mean and deviation are those of the posterior', () => {
    const { mean, deviation } = lnMoments({ ...adaptation, heads: adaptation.heads.slice(0, 1) }, ['eager'], forward);
    const head = adaptation.heads[0]!;
    const own = (indices: readonly number[]) =>
      Float64Array.from(
        indices.flatMap((i) => [...forward.phi.subarray((i * H + head.net) * P, (i * H + head.net + 1) * P)]),
      );
    const system = supportSystem({
      phi: own(range(k)),
      lnMean: Float64Array.from(range(k), (i) => forward.lnMean[i * H + head.net]!),
      lnLatency: latency.slice(0, k).map(Math.log),
    });
    const posterior = posteriorOf(0.01, system, 0);
    for (const i of [k, 33, count - 1]) {
      const q = own([i]);
      const r = posterior.weights.length;
      const t = system.inMeasurements ? Float64Array.from(range(k), (j) => dot(own([j]), q)) : q;
      const relative = 1 + dot(posterior.weights, t);
      const reach = range(r).reduce(
        (sum, a) => sum + range(a + 1).reduce((s, b) => s + posterior.factor[a * r + b]! * t[b]!, 0) ** 2,
        0,
      );
      const ofWeights = system.inMeasurements ? dot(q, q) - reach : reach;
      const variance = ofWeights + posterior.scaleVariance * (1 - dot(posterior.scaleResponse, t)) ** 2;
      const ln = forward.lnMean[i * H + head.net]! + posterior.lnScale + Math.log(relative);
      expect(mean[i]! / head.weight).toBeCloseTo(ln, 5);
      const expected = Math.sqrt(variance / relative ** 2 + 0.01 ** 2);
      const second = head.weight * (expected ** 2 + ln ** 2) - (head.weight * ln) ** 2;
      expect(deviation[i]).toBeCloseTo(Math.sqrt(second), 4);
    }
  });

  test('a coordinate that no measurement touched keeps its prior', () => {
    expect(adaptation.heads[0]!.coordinates).toEqual(range(P - 1));
    expect(adaptation.heads[0]!.priorVariance).toBeCloseTo(1, 6);
    const last = rows([count - 1]);
    const without = { ...last, phi: last.phi.map((v, i) => (i % P === P - 1 ? 0 : v)) };
    const deviationOf = (of: Forward): number => lnMoments(adaptation, ['eager'], of).deviation[0]!;
    expect(deviationOf(last)).toBeGreaterThan(deviationOf(without));
  });
});

test('the head that the latencies are made of wins, and predicts the others', () => {
  const adaptation = adaptCalibrated(
    parameters([0.003, 0.01, 0.03, 0.08, 0.2]),
    'hash',
    rows(range(30)),
    latency.slice(0, 30),
  );
  expect(adaptation.heads[0]).toMatchObject({ lowering: 'eager', net: 0 });
  expect(adaptation.heads[0]!.weight).toBeGreaterThan(0.99);
  expect(() => adaptationSchema.parse(JSON.parse(JSON.stringify(adaptation)))).not.toThrow();
  const test = range(count - 1).slice(30);
  const { latencyMs, lowMs, highMs } = predictLatencies(adaptation, ['eager'], rows(test));
  test.forEach((i, at) => {
    expect(Math.abs(latencyMs[at]! / latency[i]! - 1)).toBeLessThan(0.06);
    expect(lowMs[at]!).toBeLessThan(latencyMs[at]!);
    expect(highMs[at]!).toBeGreaterThan(latencyMs[at]!);
  });
});

test('a prior on the runtime moves the weight between its heads', () => {
  const two: HeadParameters = {
    ...parameters([0.2]),
    lowerings: ['eager', 'fused'],
    logPriors: range(4).map(() => [-Math.log(4)]),
  };
  const same: Forward = {
    count: 3,
    lnMean: new Float32Array(12),
    phi: new Float32Array(3 * 4 * P).fill(0.1),
  };
  const { heads } = adaptTarget(two, 'hash', same, Float64Array.of(1, 1, 1), {
    lnLoweringPriors: [Math.log(0.9), Math.log(0.1)],
  });
  const weight = (lowering: string) =>
    heads.filter((h) => h.lowering === lowering).reduce((sum, h) => sum + h.weight, 0);
  expect(weight('eager')).toBeCloseTo(0.9, 6);
});

test.each([[[]], [[1, 0]], [[1, Number.NaN]]])('latencies %j are refused', (latencies) => {
  expect(() =>
    adaptTarget(parameters([0.1]), 'hash', rows(range(latencies.length)), Float64Array.from(latencies)),
  ).toThrow();
});

test('each choice lowers the summed variance most, and the variances are those of conditioning', () => {
  // Three candidates of one head each way: prior covariance 1 + φ·φ, the second head all zero and of equal ln m.
  const phi = [
    [1, 0],
    [0.9, 0],
    [0, 0.5],
  ];
  const own: Forward = {
    count: 3,
    lnMean: new Float32Array(6),
    phi: Float32Array.from(phi.flatMap((row) => [...row, 0, 0])),
  };
  const covariance = phi.map((a) => phi.map((b) => 1 + (a[0]! * b[0]! + a[1]! * b[1]!) / 2));
  const noise = 0.03 ** 2;
  const gains = range(3).map((i) => covariance[i]!.reduce((sum, c) => sum + c * c, 0) / (covariance[i]![i]! + noise));
  const best = gains.indexOf(Math.max(...gains));
  const { picks, variances } = chooseRows(own, 2);
  expect(picks[0]).toBe(best);
  const trace = covariance.reduce((sum, row, i) => sum + row[i]!, 0);
  expect(variances[0]).toBeCloseTo(trace / 3, 6);
  expect(variances[1]).toBeCloseTo((trace - gains[best]!) / 3, 6);
  const open = range(3).filter((i) => i !== best);
  expect(chooseRows(own, 2, open).picks).not.toContain(best);
  expect(() => chooseRows(own, 3, open)).toThrow(/only 2 candidates/);
});
