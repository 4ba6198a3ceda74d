// How sure parts of a breakdown are: worked out by hand, and on simulated devices whose prices are known.
import { describe, expect, test } from 'vitest';
import type { Kernel } from '#core/graph/kernel.ts';
import { bytesAsSource } from '#core/graph/onnx-file/byte-source.ts';
import { readOnnx } from '#core/graph/read-onnx.ts';
import type { Adaptation } from '#core/predictor/adaptation/adaptation.ts';
import { learnedFeatures, netCount, featureDimension as P } from '#core/predictor/hypotheses.ts';
import { classIndex } from '#core/predictor/kernels/kernel-classes.ts';
import type { PredictorParameters } from '#core/predictor/predictor-parameters.ts';
import { priceNetworkOf } from '#core/predictor/whole-networks/launched-network.ts';
import { partUncertainties } from '#core/predictor/whole-networks/uncertainty.ts';
import { smallOnnx } from '../../../../fixtures/small-onnx.ts';

const convolution3 = learnedFeatures + classIndex.get('convolution-3')!;

/** A run costs 1, a convolution 6, a pool 2; ψ of the convolution is 1 in its class. */
const predictor = {
  parameters: { lowerings: ['fused'] } as unknown as PredictorParameters,
  prices: async (kernels: readonly Kernel[]) => {
    const price = ({ operator, kind }: Kernel): number => (operator === '(run)' ? 1 : kind === 'convolution' ? 6 : 2);
    const psi = new Float32Array(kernels.length * P);
    kernels.forEach(({ kind }, i) => {
      if (kind === 'convolution') psi[i * P + convolution3] = 1;
    });
    const lnMean = Float32Array.from(kernels, (kernel) => Math.log(price(kernel)));
    const nets = Array.from({ length: netCount }, () => ({ lnMean, psi }));
    return { count: kernels.length, lnMean: nets.map((net) => net.lnMean), psi: nets.map((net) => net.psi) };
  },
};
const network = await priceNetworkOf(predictor, await readOnnx(bytesAsSource(smallOnnx())), new Set(['fused']));

/** One head.
 * @param factor of (θ₀, the weight of 3 × 3 convolutions), rows of the lower triangle */
function adaptation(factor: readonly [number, number, number], noiseVariance = 0, weight = 0): Adaptation {
  const head = {
    ...{ lowering: 'fused' as const, net: 0 as const, form: 'linear' as const, weight: 1, lnScale: 0 },
    ...{ coordinates: [convolution3], weights: [weight], factor: [...factor], priorVariance: 0, noiseVariance },
  };
  return { predictorHash: '', measurements: 3, intervalScale: 1, outliers: [], heads: [head] };
}

/** Run, convolution and pool, each a part, of an interval of ±0.1 in ln ms. */
const partsOf = (own: Adaptation, partOf = [0, 1, 2]) =>
  partUncertainties(own, network, { lowering: 'fused' }, partOf, 0.1);
const shares = (own: Adaptation) => partsOf(own).map(({ varianceShare }) => varianceShare);
const widths = (own: Adaptation) => partsOf(own).map(({ lnHalfWidth }) => lnHalfWidth);
const expectClose = (found: readonly number[], wanted: readonly number[]): void => {
  expect(found).toHaveLength(wanted.length);
  for (const [i, own] of found.entries()) expect(own).toBeCloseTo(wanted[i]!, 5);
};

describe('parts of a breakdown', () => {
  test('where only the scale is not known all err together, each by as much as the whole', () => {
    expectClose(shares(adaptation([0.1, 0, 0])), [1 / 9, 6 / 9, 2 / 9]);
    expectClose(widths(adaptation([0.1, 0, 0])), [0.1, 0.1, 0.1]);
  });

  test('where only the price of a class is not known, that class has it all', () => {
    expectClose(shares(adaptation([0, 0, 0.2])), [0, 1, 0]);
    // A deviation of .2 · 6 of 9 is one of .2 of the convolution alone.
    expectClose(widths(adaptation([0, 0, 0.2])), [0, 0.1 * (9 / 6), 0]);
  });

  test('parts that err against each other: shares are signed and sum to 1', () => {
    // Deviations: run .1, convolution 6 · (.1 − .12) = −.12, pool .2; together .18.
    const own = adaptation([0.1, -0.12, 0]);
    expectClose(shares(own), [0.1 / 0.18, -0.12 / 0.18, 0.2 / 0.18]);
    expectClose(widths(own), [
      0.1 * (0.1 / 1) * (9 / 0.18),
      0.1 * (0.12 / 6) * (9 / 0.18),
      0.1 * (0.1 / 1) * (9 / 0.18),
    ]);
  });

  test('noise is of kernels that err each for itself', () => {
    expectClose(shares(adaptation([0, 0, 0], 0.01)), [1 / 41, 36 / 41, 4 / 41]);
    const width = (0.1 * 9) / Math.sqrt(41);
    expectClose(widths(adaptation([0, 0, 0], 0.01)), [width, width, width]);
  });

  test('of several launches together: as their sum', () => {
    const [rest, convolution] = partsOf(adaptation([0.1, -0.12, 0]), [0, 1, 0]);
    expect(rest!.varianceShare).toBeCloseTo(0.3 / 0.18, 5);
    expect(convolution!.varianceShare).toBeCloseTo(-0.12 / 0.18, 5);
  });

  test('heads that differ in what a part takes', () => {
    const [first, second] = [adaptation([0, 0, 0]), adaptation([0, 0, 0], 0, 0.5)].map(({ heads }) => heads[0]!);
    const both: Adaptation = {
      ...adaptation([0, 0, 0]),
      heads: [
        { ...first!, weight: 0.5 },
        { ...second!, weight: 0.5 },
      ],
    };
    // The convolution takes 6 or 9, all else is known.
    expectClose(shares(both), [0, 1, 0]);
    expectClose(widths(both), [0, 0.1 * (10.5 / 7.5), 0]);
  });
});
