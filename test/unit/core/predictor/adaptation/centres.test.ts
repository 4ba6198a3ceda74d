// Targets that were learned from as centres of the prior of w: hypotheses beside the others where operators were
// measured and few networks, nothing at all without operators and from five networks on.
import { describe, expect, test } from 'vitest';
import { type Adaptation, adaptTarget, headRows } from '#core/predictor/adaptation/adaptation.ts';
import { adaptCalibrated } from '#core/predictor/adaptation/calibrate.ts';
import { forwardRows, leaveOneOut } from '#core/predictor/adaptation/leave-one-out.ts';
import { posteriorOf, supportSystem } from '#core/predictor/adaptation/posterior.ts';
import { predictLatencies } from '#core/predictor/adaptation/posterior-predictive.ts';
import { repricedRows } from '#core/predictor/adaptation/prior-mean.ts';
import { oneReach, featureDimension as P } from '#core/predictor/hypotheses.ts';
import { networkSums } from '#core/predictor/kernels/network-sums.ts';
import { joinedForwards, type OperatorRows, rowsAlone } from '#core/predictor/operators/operator-rows.ts';
import type { Forward, HeadParameters, PriceTable } from '#core/predictor/types.ts';
import { seededRandom } from '#core/random.ts';

const range = (end: number): number[] => Array.from({ length: end }, (_, i) => i);
const random = seededRandom(8);
const kernels = 5;
/** Feature 0 is of all kernels, each has one of its own beside. */
const prices: PriceTable = {
  count: kernels,
  lnMean: range(2).map(() => Float32Array.from(range(kernels), () => 0.5 * random.normal())),
  psi: range(2).map(() =>
    Float32Array.from(range(kernels * P), (at) => {
      const [kernel, p] = [Math.floor(at / P), at % P];
      return p === 0 ? 0.3 * random.normal() : p === kernel + 1 ? 0.5 : 0;
    }),
  ),
};
/** The last kernel is in no network. */
const networks = networkSums(
  prices,
  range(6).map(() => [
    { kernels: Int32Array.from(range(4)), counts: Float64Array.from(range(4), () => 1 + random.integer(9)) },
  ]),
);
const weights = range(P).map((p) => (p < 7 ? 0.3 * random.normal() : 0));
const sigma = 0.1;
const parameters: HeadParameters = {
  lowerings: ['eager'],
  featureDimension: P,
  noiseLevels: [sigma],
  logPriors: [[Math.log(0.5)], [Math.log(0.5)]],
};
const withCentre: HeadParameters = { ...parameters, centres: [{ target: 'known', head: 0, weights }] };
const latencyMs = Float64Array.from([30, 41, 22, 35, 28, 51]);
const measured = (k: number): [Forward, Float64Array] => [forwardRows(networks, range(k)), latencyMs.slice(0, k)];
/** Three kernels alone, each with the run. */
const operators: OperatorRows = {
  forward: networkSums(
    prices,
    range(3).map((i) => [{ kernels: Int32Array.of(0, i + 1), counts: Float64Array.of(1, 1) }]),
  ),
  latencyMs: Float64Array.from([4, 6, 5]),
  tensorBytes: Float64Array.from([1e4, 2e4, 5e3]),
};

describe('after one measurement', () => {
  /** Linear prices alone: what networks launch is not told. */
  const { launches: _, ...first } = forwardRows(networks, [0]);
  const lnLatency = Float64Array.from([latencyMs[0]!, ...operators.latencyMs], Math.log);
  const adapt = (own: HeadParameters, priorMeans?: Float64Array[]): Adaptation['heads'] =>
    adaptTarget(own, 'hash', first, latencyMs.slice(0, 1), {
      heads: [0],
      operators,
      reaches: oneReach,
      ...(priorMeans && { priorMeans }),
    }).heads;
  const centre = Float64Array.from(weights);
  const evidence = (rows: ReturnType<typeof headRows>): number =>
    posteriorOf(sigma, supportSystem(rowsAlone({ ...rows, lnLatency }, operators, 0))).lnEvidence;
  const rows = headRows(joinedForwards(first, operators.forward), 0);
  const near = 1 / (1 + Math.exp(evidence(rows) - evidence(repricedRows(rows, centre))));

  test('the head is taken without and around the centre, each as likely as its evidence says', () => {
    expect(near).toBeGreaterThan(0.05);
    expect(near).toBeLessThan(0.95);
    const heads = adapt(withCentre);
    expect(heads.map(({ weight }) => weight)).toEqual([expect.closeTo(1 - near, 9), expect.closeTo(near, 9)]);
    expect(heads.map((head) => ({ ...head, weight: 1 }))).toEqual([
      ...adapt(parameters),
      ...adapt(parameters, [centre]),
    ]);
  });
});

/** In ms, of prices that are positive at these weights; the run is kernel 0. */
function positiveMs(counts: readonly (readonly [kernel: number, count: number])[], w: readonly number[]): number {
  return counts.reduce((sum, [kernel, count]) => {
    const s = w.reduce((product, value, p) => product + prices.psi[0]![kernel * P + p]! * value, 0);
    return sum + count * Math.exp(prices.lnMean[0]![kernel]!) * (s / 2 + Math.sqrt(1 + (s * s) / 4)) ** 2;
  }, 0);
}

test('a target like a known one whose linear prices would be below 0 is found by its operators alone', () => {
  const far = range(P).map((p) => [-3, 1, -4, 3, -2, 0][p] ?? 0);
  const counts = range(3).map((i) => [[0, 1] as const, [i + 1, 1] as const]);
  const perByte = Math.exp(prices.lnMean[0]![0]!) / 1e5;
  const alone = { mean: -0.2, deviation: 0.2, noise: 0.01 };
  const latencyMs = Float64Array.from(counts, (own, i) => {
    return (positiveMs(own, far) + perByte * operators.tensorBytes[i]!) * Math.exp(alone.mean);
  });
  const centres = [{ target: 'known', head: 0, weights: far }];
  const known: HeadParameters = { ...parameters, noiseLevels: [0.01], centres };
  const none: [Forward, Float64Array] = [forwardRows(networks, []), new Float64Array()];
  const adaptation = adaptTarget(known, 'hash', ...none, { operators: { ...operators, latencyMs, alone } });
  const around = adaptation.heads.filter(({ priorMean }) => priorMean !== undefined);
  expect(around.map(({ form }) => form)).toEqual(['positive']);
  expect(around[0]!.weight).toBeGreaterThan(0.5);
  const [network] = networks.launches!;
  const { kernels: launched, counts: often } = network!.rows[0]!;
  const truth = positiveMs(
    [...launched].map((kernel, i) => [kernel, often[i]!]),
    far,
  );
  const [predicted] = predictLatencies(adaptation, ['eager'], forwardRows(networks, [0])).latencyMs;
  expect(Math.abs(predicted! / truth - 1)).toBeLessThan(0.1);
});

const told = { operators };

test.each([0, 1, 2, 3])('with operators and %i measurements the centre counts', (k) => {
  const adapted = (own: HeadParameters): Adaptation => adaptTarget(own, 'hash', ...measured(k), told);
  expect(adapted(withCentre)).not.toEqual(adapted(parameters));
});

test.each([1, 2, 3, 4])('without operators and with %i measurements it does not, bit for bit', (k) => {
  expect(adaptTarget(withCentre, 'hash', ...measured(k))).toEqual(adaptTarget(parameters, 'hash', ...measured(k)));
});

test('with five it does not, bit for bit; not either where one of five is left out', () => {
  for (const use of [adaptTarget, adaptCalibrated, leaveOneOut]) {
    expect(use(withCentre, 'hash', ...measured(5), told)).toEqual(use(parameters, 'hash', ...measured(5), told));
  }
  const four = (own: HeadParameters) => leaveOneOut(own, 'hash', ...measured(4), told);
  expect(four(withCentre)).not.toEqual(four(parameters));
});
