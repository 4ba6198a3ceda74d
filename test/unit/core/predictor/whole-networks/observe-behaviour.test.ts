import { describe, expect, test } from 'vitest';
import type { Kernel } from '#core/graph/kernel.ts';
import { bytesAsSource } from '#core/graph/onnx-file/byte-source.ts';
import { readOnnx } from '#core/graph/read-onnx.ts';
import type { Adaptation } from '#core/predictor/adaptation/adaptation.ts';
import { learnedFeatures, featureDimension as P } from '#core/predictor/hypotheses.ts';
import { classIndex } from '#core/predictor/kernels/kernel-classes.ts';
import { networkSums } from '#core/predictor/kernels/network-sums.ts';
import type { Centre, PredictorParameters } from '#core/predictor/predictor-parameters.ts';
import { priceNetworkOf } from '#core/predictor/whole-networks/launched-network.ts';
import { behaviourOn } from '#core/predictor/whole-networks/observe-behaviour.ts';
import { smallOnnx } from '../../../../fixtures/small-onnx.ts';

const convolution = learnedFeatures + classIndex.get('convolution-3')!;
/** A run costs 1, a convolution 6, a global pool 2; net 1 holds pools for 4. Only convolutions have a ψ, of 1. */
const predictor = {
  parameters: { lowerings: ['fused'] } as unknown as PredictorParameters,
  prices: async (kernels: readonly Kernel[]) => {
    const psi = new Float32Array(kernels.length * P);
    const price = (kernel: Kernel, pool: number): number =>
      kernel.operator === '(run)' ? 1 : kernel.kind === 'convolution' ? 6 : pool;
    kernels.forEach((kernel, i) => {
      if (kernel.kind === 'convolution') psi[i * P + convolution] = 1;
    });
    const lnMean = [2, 4].map((pool) => Float32Array.from(kernels, (kernel) => Math.log(price(kernel, pool))));
    return { count: kernels.length, lnMean, psi: [psi, psi] };
  },
};
const network = await priceNetworkOf(predictor, await readOnnx(bytesAsSource(smallOnnx())), new Set(['fused']));
const yardstick = [
  { name: 'small', id: 'a', network },
  { name: 'same', id: 'b', network },
];

type Head = Adaptation['heads'][number];

/** The only head; w of convolutions is measured. */
const head = (over: Partial<Head>): Head => ({
  lowering: 'fused',
  net: 0,
  form: 'linear',
  weight: 1,
  lnScale: 3,
  coordinates: [convolution],
  weights: [0],
  factor: [0, 0, 0],
  priorVariance: 1,
  noiseVariance: 0,
  ...over,
});

const observed = (heads: readonly Head[], measured: readonly string[] = []) =>
  behaviourOn(
    yardstick,
    { lowerings: ['fused'] },
    { predictorHash: '', measurements: 9, intervalScale: 1, outliers: [], heads: [...heads] },
    { measured: new Set(measured), own: 'own' },
  );

/** share, factor, and deviation of ln factor by kind. */
function told(heads: readonly Head[]) {
  return Object.fromEntries(
    observed(heads).prices.map(({ kind, share, factor, high }) => [
      kind,
      [share, factor, Math.log(high / factor) / 1.644854].map((x) => Number(x.toFixed(3))),
    ]),
  );
}

describe('prices by kind', () => {
  test('are shares of the time beside those at typical prices', () => {
    // Convolutions cost 6 · 1.5 = 9 of 12 instead of 6 of 9.
    expect(observed([head({ weights: [0.5] })]).prices).toEqual([
      { kind: 'convolution', share: 0.75, typicalShare: 0.6667, factor: 1.125, low: 1.125, high: 1.125 },
      { kind: 'reduction', share: 0.1667, typicalShare: 0.2222, factor: 0.75, low: 0.75, high: 0.75 },
      { kind: 'run', share: 0.08333, typicalShare: 0.1111, factor: 0.75, low: 0.75, high: 0.75 },
    ]);
    // Positive, p(√½) = 2: 12 of 15. Of the other price network: 6 of 11.
    expect(told([head({ form: 'positive', weights: [Math.SQRT1_2] })])['convolution']!.slice(0, 2)).toEqual([0.8, 1.2]);
    expect(told([head({ net: 1 })])['convolution']!.slice(0, 2)).toEqual([0.545, 0.818]);
  });

  test('are as uncertain as the posterior in the direction of a share', () => {
    // θ₀ known to .3: of a convolution's price it is 6/9, of all 9/12, of the run's all.
    expect(told([head({ weights: [0.5], factor: [0.3, 0, 0] })])).toEqual({
      convolution: [0.75, 1.125, 0.025],
      reduction: [0.167, 0.75, 0.075],
      run: [0.083, 0.75, 0.075],
    });
    // w known to .2, of which prices take up 1/√(1 + 1/8): (1 − 12/15) · .2 · .943, and 12/15 · .2 · .943.
    expect(told([head({ form: 'positive', weights: [Math.SQRT1_2], factor: [0.1, 0, 0.2] })])).toEqual({
      convolution: [0.8, 1.2, 0.038],
      reduction: [0.133, 0.6, 0.151],
      run: [0.067, 0.6, 0.151],
    });
    // Never measured: the prior's (1 − 6/9) · 1 and 6/9 · 1.
    expect(told([head({ coordinates: [], weights: [], factor: [0] })])).toEqual({
      convolution: [0.667, 1, 0.333],
      reduction: [0.222, 1, 0.667],
      run: [0.111, 1, 0.667],
    });
  });

  test('join what heads say', () => {
    // Factors 1.125 and 1.2, half each: the mean of their ln, and half its distance as deviation.
    const { convolution: own } = told([
      head({ weight: 0.5, weights: [0.5] }),
      head({ weight: 0.5, form: 'positive', weights: [Math.SQRT1_2] }),
    ]);
    expect(own).toEqual([0.775, Number(Math.sqrt(1.125 * 1.2).toFixed(3)), 0.032]);
  });

  test('are relative to those of kinds and sizes that were measured', () => {
    const classes = ['convolution-3', 'side-1', 'channels-0', 'few-input-channels'];
    const coordinates = classes.map((name) => learnedFeatures + classIndex.get(name)!).sort((a, b) => a - b);
    const weights = coordinates.map((p) => (p === convolution ? 0.5 : 0));
    // A run costs 1 of 9 instead of 1 of 6.
    expect(told([head({ coordinates, weights, factor: Array(15).fill(0) as number[] })])).toEqual({
      convolution: [0.75, 1, 0],
      reduction: [0.167, 0.667, 0],
      run: [0.083, 0.667, 0],
    });
  });
});

test('what it is like is told with its probability', () => {
  expect(observed([head({ weight: 0.7 }), head({ net: 1, weight: 0.3 })])).toMatchObject({
    lowering: 'fused',
    loweringProbability: 1,
    unlikeKnownProbability: 0.3,
  });
});

test('networks that were not measured and are least known come next', () => {
  const uncertain = [head({ factor: [0.1, 0, 0] })];
  // 1.645 deviations of .1.
  expect(observed(uncertain).measureNext).toEqual([
    { network: 'small', factor: 1.179 },
    { network: 'same', factor: 1.179 },
  ]);
  expect(observed(uncertain, ['a']).measureNext.map(({ network: name }) => name)).toEqual(['same']);
});

describe('known targets that it is like', () => {
  const at = network.kernels.findIndex(({ kind }) => kind === 'convolution');
  /** Launches its convolution three times. */
  const thrice = {
    ...network,
    launches: new Map([
      ['fused' as const, [...network.launches.get('fused')!, { kernel: at, nodes: [] }, { kernel: at, nodes: [] }]],
    ]),
    forward: networkSums(network.prices, [
      [
        {
          kernels: Int32Array.from(network.kernels.keys()),
          counts: Float64Array.from(network.kernels, ({ kind }) => (kind === 'convolution' ? 3 : 1)),
        },
      ],
    ]),
  };
  const weights = (w: number): number[] => Array.from({ length: P }, (_, p) => (p === convolution ? w : 0));
  const likeOf = (centres: Centre[], times = 3, over: Partial<Head> = {}) =>
    behaviourOn(
      Array.from({ length: times }, () => [
        { name: 'small', id: 'a', network },
        { name: 'thrice', id: 'c', network: thrice },
      ]).flat(),
      { lowerings: ['fused'], centres },
      { predictorHash: '', measurements: 9, intervalScale: 1, outliers: [], heads: [head(over)] },
      { measured: new Set(), own: 'own' },
    ).like;

  test('are told by how far apart the networks are after one factor, the nearest first, itself left out', () => {
    // 9 and 21 here; with convolutions twice as dear, p(√½) = 2, 15 and 39 there: ln 9/15 = -.5108, ln 21/39 = -.6190.
    const dear = { target: 'dear', head: 0, weights: weights(Math.SQRT1_2) };
    const same = { target: 'same', head: 0, weights: weights(0) };
    expect(likeOf([dear, { ...same, target: 'own' }, same])).toEqual([
      { target: 'same', apart: 0 },
      { target: 'dear', apart: 0.0541 },
    ]);
  });

  test('are left out where the predictor knows none, or fewer than five networks are known well enough', () => {
    const same = { target: 'same', head: 0, weights: weights(0) };
    expect(likeOf([])).toBeUndefined();
    expect(likeOf([same], 2)).toBeUndefined();
    expect(likeOf([same], 3, { noiseVariance: 0.08 })).toHaveLength(1);
    expect(likeOf([same], 3, { noiseVariance: 0.1 })).toBeUndefined();
  });
});
