// Targets farther from the middle than those that were learned from: w ~ N(0, 3² I) is w ~ N(0, I) under features three
// times as long.
import { describe, expect, test } from 'vitest';
import { type Adaptation, adaptTarget } from '#core/predictor/adaptation/adaptation.ts';
import { forwardRows } from '#core/predictor/adaptation/leave-one-out.ts';
import { lnMoments } from '#core/predictor/adaptation/posterior-predictive.ts';
import { featureDimension as P, type Reach } from '#core/predictor/hypotheses.ts';
import { networkSums } from '#core/predictor/kernels/network-sums.ts';
import type { Forward, HeadParameters, PriceTable } from '#core/predictor/types.ts';
import { seededRandom } from '#core/random.ts';
import { expectClose } from '../../onnx/finite-differences.ts';

const range = (end: number): number[] => Array.from({ length: end }, (_, i) => i);
const kernels = 6;
const random = seededRandom(21);
const lnMean = range(2).map(() => Float32Array.from(range(kernels), () => 0.5 * random.normal()));
/** Feature 0 is of all kernels; each has one of its own beside, the last of no measured network. */
const psi = range(2).map(() =>
  Float64Array.from(range(kernels * P), (at) => {
    const [kernel, p] = [Math.floor(at / P), at % P];
    return p === 0 ? 0.125 * Math.round(2 * random.normal()) : p === kernel + 1 ? 0.25 : 0;
  }),
);
const pricesTimes = (factor: number): PriceTable => ({
  count: kernels,
  lnMean,
  psi: psi.map((own) => Float32Array.from(own, (value) => factor * value)),
});
const counts = range(12).map((i) =>
  Float64Array.from(range(kernels), (k) => (k === kernels - 1 && i < 8 ? 0 : 1 + random.integer(9))),
);
const networksTimes = (factor: number): Forward =>
  networkSums(
    pricesTimes(factor),
    counts.map((own) => [{ kernels: Int32Array.from(range(kernels)), counts: own }]),
  );
const parameters: HeadParameters = {
  lowerings: ['eager'],
  featureDimension: P,
  noiseLevels: [0.02, 0.1],
  logPriors: [
    [Math.log(0.1), Math.log(0.4)],
    [Math.log(0.3), Math.log(0.2)],
  ],
};
/** A device whose kernels 1 to 4 cost .2 to 5 times as much as in the middle. */
const factors = [1, 5, 0.3, 2.5, 0.2, 1];
const latencyMs = Float64Array.from(counts.slice(0, 8), (own) =>
  own.reduce((sum, count, k) => sum + count * factors[k]! * Math.exp(lnMean[0]![k]!), 0),
);
const only = (reach: number): Reach[] => [{ reach, share: 1 }];

function adapted(networks: Forward, reaches?: readonly Reach[]): Adaptation {
  return adaptTarget(parameters, 'hash', forwardRows(networks, range(8)), latencyMs, reaches ? { reaches } : {});
}
const momentsOf = (adaptation: Adaptation, networks: Forward) =>
  lnMoments(adaptation, ['eager'], forwardRows(networks, [0, 5, 8, 9, 10, 11]));

describe.each([
  ['linear prices alone', (own: Forward): Forward => (({ launches: _, ...rest }) => rest)(own)],
  ['both forms', (own: Forward): Forward => own],
])('%s', (_, told) => {
  const [plain, wide] = [1, 3].map((factor) => told(networksTimes(factor)));

  test('a reach of three is features three times as long', () => {
    const far = adapted(plain!, only(3));
    const same = adapted(wide!, only(1));
    expectClose(
      Float64Array.from(far.heads, ({ weight }) => weight),
      same.heads.map(({ weight }) => weight),
      1e-5,
    );
    expect(far.heads[0]!.weights.map((w) => w / 3)).toEqual(same.heads[0]!.weights.map((w) => expect.closeTo(w, 4)));
    expect(far.heads[0]!.priorVariance).toBeCloseTo(9 * same.heads[0]!.priorVariance, 4);
    const [ownMoments, expected] = [momentsOf(far, plain!), momentsOf(same, wide!)];
    expectClose(ownMoments.mean, expected.mean, 1e-5);
    expectClose(ownMoments.deviation, expected.deviation, 1e-3);
  });

  test('a device far from the middle is found to be so, and its networks are predicted better', () => {
    const both = adapted(plain!);
    const truth = counts.map((own) =>
      Math.log(own.reduce((sum, count, k) => sum + count * factors[k]! * Math.exp(lnMean[0]![k]!), 0)),
    );
    const off = (adaptation: Adaptation): number => {
      const { mean } = momentsOf(adaptation, plain!);
      return [8, 9, 10, 11].reduce((sum, row, i) => sum + Math.abs(mean[2 + i]! - truth[row]!), 0);
    };
    expect(off(both)).toBeLessThan(0.8 * off(adapted(plain!, only(1))));
    // Most of its probability is at the reach of two.
    expect(both.heads.reduce((sum, { weight, priorVariance }) => sum + weight * priorVariance, 0)).toBeGreaterThan(2.5);
  });
});
