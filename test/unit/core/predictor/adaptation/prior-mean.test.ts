// A prior of w with a mean: exact against the same target under prices that begin there, where they are linear; the
// highest point of the posterior where they are positive; and nothing at all without.
import { describe, expect, test } from 'vitest';
import { type Adaptation, adaptTarget, allWeights } from '#core/predictor/adaptation/adaptation.ts';
import { headTerms } from '#core/predictor/adaptation/head-terms.ts';
import { forwardRows } from '#core/predictor/adaptation/leave-one-out.ts';
import { lnMoments } from '#core/predictor/adaptation/posterior-predictive.ts';
import { tangentAt } from '#core/predictor/adaptation/prior-mean.ts';
import { featureDimension as P } from '#core/predictor/hypotheses.ts';
import { networkSums } from '#core/predictor/kernels/network-sums.ts';
import { repricedSums } from '#core/predictor/kernels/repriced-sums.ts';
import type { Forward, HeadParameters, PriceTable } from '#core/predictor/types.ts';
import { seededRandom } from '#core/random.ts';

const range = (end: number): number[] => Array.from({ length: end }, (_, i) => i);
const kernels = 6;
const random = seededRandom(5);
/** Feature 0 is of all kernels, each has one of its own beside. */
const prices: PriceTable = {
  count: kernels,
  lnMean: range(2).map(() => Float32Array.from(range(kernels), () => 0.5 * random.normal())),
  psi: range(2).map(() =>
    Float32Array.from(range(kernels * P), (at) => {
      const [kernel, p] = [Math.floor(at / P), at % P];
      return p === 0 ? 0.3 * random.normal() : p === kernel + 1 ? 0.4 : 0;
    }),
  ),
};
const mean = Float64Array.from(range(P), (p) => (p < 8 ? 0.4 * random.normal() : 0));
const means = [mean, mean];

/** Of a kernel under a net: ψ·mean. */
const change = (net: number, kernel: number): number =>
  range(P).reduce((sum, p) => sum + prices.psi[net]![kernel * P + p]! * mean[p]!, 0);

/** The same linear prices where they begin at the mean. */
const begunAtMean: PriceTable = {
  count: kernels,
  lnMean: prices.lnMean.map((own, net) => own.map((ln, kernel) => ln + Math.log(1 + change(net, kernel)))),
  psi: prices.psi.map((own, net) => own.map((psi, at) => psi / (1 + change(net, Math.floor(at / P))))),
};

/** Five networks of the first four kernels, which are measured, and three of all six. */
const counts = range(8).map((i) => range(kernels).map((k) => (k < 4 || i >= 5 ? 1 + random.integer(9) : 0)));
const sumsOf = (own: PriceTable): Forward =>
  networkSums(
    own,
    counts.map((row) => {
      const used = range(kernels).filter((k) => row[k]! > 0);
      return [{ kernels: Int32Array.from(used), counts: Float64Array.from(used, (k) => row[k]!) }];
    }),
  );
/** Near what either form makes of it. */
const latencyMs = Float64Array.from(range(5), (i) => {
  const ms = counts[i]!.map((n, k) => n * Math.exp(prices.lnMean[0]![k]! + 0.5 * change(0, k)));
  return ms.reduce((sum, own) => sum + own, 0) * Math.exp(3 + 0.05 * random.normal());
});
const parameters: HeadParameters = {
  lowerings: ['eager'],
  featureDimension: P,
  noiseLevels: [0.03, 0.1],
  logPriors: range(2).map(() => [Math.log(0.25), Math.log(0.25)]),
};
const adapt = (forward: Forward, priorMeans?: readonly Float64Array[]): Adaptation =>
  adaptTarget(parameters, 'hash', forwardRows(forward, range(5)), latencyMs, { heads: [0], priorMeans });

/** With one of its heads alone. */
function only(adaptation: Adaptation, form: 'linear' | 'positive'): Adaptation {
  const heads = adaptation.heads.filter((head) => head.form === form).map((head) => ({ ...head, weight: 1 }));
  return { ...adaptation, heads };
}

test('under linear prices it is the same as prices that begin there: networks of kernels measured and not', () => {
  const own = only(adapt(sumsOf(prices), means), 'linear');
  const begun = sumsOf(begunAtMean);
  const ours = lnMoments(own, ['eager'], sumsOf(prices));
  const theirs = lnMoments(only(adapt(begun), 'linear'), ['eager'], begun);
  for (const i of range(8)) {
    expect(ours.mean[i]).toBeCloseTo(theirs.mean[i]!, 4);
    expect(ours.deviation[i]).toBeCloseTo(theirs.deviation[i]!, 4);
  }
});

test('under positive prices no weights near those found are likelier', () => {
  const sigma = 0.03;
  const one = { ...parameters, noiseLevels: [sigma], logPriors: [[Math.log(0.5)], [Math.log(0.5)]] };
  const measured = forwardRows(sumsOf(prices), range(5));
  const options = { heads: [0], priorMeans: means, outlierShare: 0 };
  const [head] = only(adaptTarget(one, 'hash', measured, latencyMs, options), 'positive').heads;
  const sums = repricedSums(measured.launches!, 0, 0);
  /** −2 ln posterior, the scale at its best. */
  const misfit = (w: Float64Array): number => {
    const off = sums.lnMean(w).map((ln, i) => Math.log(latencyMs[i]!) - ln);
    const scale = off.reduce((sum, x) => sum + x, 0) / 5;
    const prior = w.reduce((sum, x, p) => sum + (x - mean[p]!) ** 2, 0);
    return prior + off.reduce((sum, x) => sum + (x - scale) ** 2, 0) / sigma ** 2;
  };
  const found = allWeights(head!);
  for (const p of range(8)) {
    for (const step of [-0.05, 0.05]) {
      expect(misfit(found.with(p, found[p]! + step))).toBeGreaterThan(misfit(found) - 1e-3);
    }
  }
});

describe.each(['linear', 'positive'] as const)('a prior with a mean, %s prices', (form) => {
  const own = only(adapt(sumsOf(prices), means), form);

  test('moves what is predicted of kernels that were not measured', () => {
    const ours = lnMoments(own, ['eager'], sumsOf(prices));
    const plain = lnMoments(only(adapt(sumsOf(prices)), form), ['eager'], sumsOf(prices));
    expect(Math.abs(plain.mean[6]! - ours.mean[6]!)).toBeGreaterThan(0.01);
  });

  test('is in the terms of kernels, too', () => {
    const forward = sumsOf(prices);
    const { mean: expected, deviation } = lnMoments(own, ['eager'], forward);
    const [head] = own.heads;
    const { prices: priced, rows } = forward.launches![6]!;
    const terms = headTerms(head!)(rows[0]!, priced);
    const [m, p] = [terms[0]!, terms[1]!];
    const relative = p / m;
    expect(Math.log(m) + head!.lnScale + Math.log(relative)).toBeCloseTo(expected[6]!, 5);
    const square = terms.subarray(2).reduce((sum, z) => sum + z * z, 0) / (m * m * relative * relative);
    expect(Math.sqrt(square + head!.noiseVariance)).toBeCloseTo(deviation[6]!, 5);
  });
});

test('without one nothing is stated of it', () => {
  const adaptation = adapt(sumsOf(prices));
  expect(adaptation.heads.filter((head) => 'priorMean' in head)).toEqual([]);
  expect(adapt(sumsOf(prices), undefined)).toEqual(adaptation);
});

test('the tangent at a mean is where positive prices are, and how they begin to change there', () => {
  const sums = repricedSums(sumsOf(prices).launches!, 0, 0);
  const far = mean.map((value) => 6 * value);
  const { lnMean, phi } = tangentAt(sums, far);
  const step = 1e-5;
  for (const p of [0, 1, 3]) {
    const along = (by: number): Float64Array => sums.lnMean(far.map((value, at) => (at === p ? value + by : value)));
    const [before, after] = [along(-step), along(step)];
    for (const i of range(8)) {
      expect(lnMean[i]).toBeCloseTo((before[i]! + after[i]!) / 2, 8);
      expect(phi[i * P + p]).toBeCloseTo((after[i]! - before[i]!) / (2 * step), 6);
    }
  }
});
