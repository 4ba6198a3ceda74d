// Targets that were learned from as centres of the prior of w: hypotheses beside the others where operators were
// measured and few networks, nothing at all without operators and from five networks on.
import { describe, expect, test } from 'vitest';
import { type Adaptation, adaptTarget, headRows } from '#core/predictor/adaptation/adaptation.ts';
import { adaptCalibrated } from '#core/predictor/adaptation/calibrate.ts';
import { forwardRows, leaveOneOut } from '#core/predictor/adaptation/leave-one-out.ts';
import { posteriorOf, supportSystem } from '#core/predictor/adaptation/posterior.ts';
import { repricedRows } from '#core/predictor/adaptation/prior-mean.ts';
import { featureDimension as P } from '#core/predictor/hypotheses.ts';
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
