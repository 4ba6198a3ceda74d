import { describe, expect, test } from 'vitest';
import type { Kernel } from '#core/graph/kernel.ts';
import { bytesAsSource } from '#core/graph/onnx-file/byte-source.ts';
import { readOnnx } from '#core/graph/read-onnx.ts';
import type { Adaptation } from '#core/predictor/adaptation/adaptation.ts';
import { learnedFeatures, netCount, featureDimension as P } from '#core/predictor/hypotheses.ts';
import { classIndex } from '#core/predictor/kernels/kernel-classes.ts';
import { kernelFeatureNames } from '#core/predictor/kernels/kernel-features.ts';
import type { PredictorParameters } from '#core/predictor/predictor-parameters.ts';
import { isUnknownKernel } from '#core/predictor/whole-networks/familiarity.ts';
import { priceNetworkOf } from '#core/predictor/whole-networks/launched-network.ts';
import { predictNetwork } from '#core/predictor/whole-networks/predict-network.ts';
import { smallOnnx } from '../../../../fixtures/small-onnx.ts';

const columns = kernelFeatureNames.length;
/** Sizes are ln(1 + x) / 4: with a mean of 0 and a deviation of 1, three deviations are e^12 = 162,755. */
const normalisation = { mean: Array(columns).fill(0) as number[], deviation: Array(columns).fill(1) as number[] };
const parameters = { lowerings: ['fused'], normalisation } as unknown as PredictorParameters;

const coordinate = (name: string): number => learnedFeatures + classIndex.get(name)!;

/** A run costs 1, a convolution 6, anything else 2, in the target's unit; ψ of the convolution is 1 in its class. */
const price = (kernel: Kernel): number => (kernel.operator === '(run)' ? 1 : kernel.kind === 'convolution' ? 6 : 2);
const predictor = {
  parameters,
  prices: async (kernels: readonly Kernel[]) => {
    const psi = new Float32Array(kernels.length * P);
    kernels.forEach((kernel, i) => {
      if (kernel.kind === 'convolution') psi[i * P + coordinate('convolution-3')] = 1;
    });
    const lnMean = Float32Array.from(kernels, (kernel) => Math.log(price(kernel)));
    return {
      count: kernels.length,
      lnMean: Array.from({ length: netCount }, () => lnMean),
      psi: Array.from({ length: netCount }, () => psi),
    };
  },
};

/** A 3×3 convolution of 3 to 8 channels and a global pool over maps of some 6 × 6. */
const measuredClasses = ['convolution-3', 'side-1', 'channels-0', 'few-input-channels', 'reduction', 'traffic-0'];
const coordinatesOf = (names: readonly string[]): number[] => names.map(coordinate).sort((a, b) => a - b);
/** Packed rows of a factor that has only its first element. */
const firstOnly = (first: number, coordinates: number): number[] =>
  Array.from({ length: ((coordinates + 1) * (coordinates + 2)) / 2 }, (_, i) => (i === 0 ? first : 0));

/** Known to a tenth, that nets of such layers were measured. */
function adaptation(over: Partial<Adaptation['heads'][number]> = {}): Adaptation {
  const head = {
    lowering: 'fused' as const,
    net: 0 as const,
    form: 'linear' as const,
    weight: 1,
    lnScale: 0,
    coordinates: coordinatesOf(measuredClasses),
    weights: measuredClasses.map(() => 0),
    factor: firstOnly(0.1, measuredClasses.length),
    priorVariance: 0,
    noiseVariance: 0,
    ...over,
  };
  const selfCheck = { leftOut: null, contradiction: null };
  return { predictorHash: '', measurements: 30, intervalScale: 1, outliers: [], heads: [head], selfCheck };
}

const graph = await readOnnx(bytesAsSource(smallOnnx()));
const network = await priceNetworkOf(predictor, graph, new Set(['fused']));

test('every launch has its place', () => {
  const launches = network.launches.get('fused')!;
  expect(launches.map(({ nodes }) => nodes)).toEqual([[], [0], [1]]);
  expect(launches.map(({ kernel }) => network.kernels[kernel]!.operator)).toEqual([
    '(run)',
    'Conv',
    'GlobalAveragePool',
  ]);
});

describe('a prediction', () => {
  test('is the sum of the prices, and its parts are the prices', () => {
    const predicted = predictNetwork(parameters, adaptation(), network);
    expect(predicted.latencyMs).toBeCloseTo(9, 4);
    expect([...predicted.launchMs].map((ms) => Number(ms.toFixed(4)))).toEqual([1, 6, 2]);
    // 1.645 deviations of a tenth.
    expect(predicted.highMs).toBeCloseTo(9 * Math.exp(0.1 * 1.644854), 3);
    expect(predicted).toMatchObject({ trust: 'trusted', trustReason: '30 measurements', unknownShare: 0 });
    expect(predicted).toMatchObject({ lowering: 'fused', unmeasuredShare: 0, lacksInt8: false });
  });

  test('has dearer convolutions where the target’s are', () => {
    // 6 · (1 + ½) = 9 of 12.
    const dearer = adaptation({
      weights: adaptation().heads[0]!.coordinates.map((c) => (c === coordinate('convolution-3') ? 0.5 : 0)),
    });
    const { latencyMs, launchMs } = predictNetwork(parameters, dearer, network);
    expect(latencyMs).toBeCloseTo(12, 4);
    expect([...launchMs].map((ms) => Number(ms.toFixed(4)))).toEqual([1, 9, 2]);
  });

  test('never has parts below nothing', () => {
    const cheap = adaptation({
      weights: adaptation().heads[0]!.coordinates.map((c) => (c === coordinate('convolution-3') ? -1.2 : 0)),
    });
    const { latencyMs, launchMs } = predictNetwork(parameters, cheap, network);
    expect(Math.min(...launchMs)).toBeGreaterThan(0);
    expect(launchMs.reduce((sum, ms) => sum + ms, 0)).toBeCloseTo(latencyMs, 9);
  });

  test('of kinds that nobody measured asks for measurements', () => {
    const few = adaptation({
      coordinates: coordinatesOf(['reduction', 'traffic-0']),
      weights: [0, 0],
      factor: firstOnly(0.1, 2),
    });
    const predicted = predictNetwork(parameters, few, network);
    expect(predicted.unmeasuredShare).toBeCloseTo(6 / 9, 4);
    expect(predicted.trust).toBe('measure-first');
    expect(predicted.trustReason).toBe(
      '67 % of the estimated time is in kinds or sizes of operators that nobody measured on this target: Conv (convolution-3)',
    );
  });

  test('of sizes that nobody measured asks for measurements, too', () => {
    const larger = ['convolution-3', 'side-3', 'channels-0', 'few-input-channels', 'reduction', 'traffic-0'];
    const predicted = predictNetwork(parameters, adaptation({ coordinates: coordinatesOf(larger) }), network);
    expect(predicted.unmeasuredShare).toBeCloseTo(6 / 9, 4);
    expect(predicted).toMatchObject({ trust: 'measure-first', unmeasuredOperators: ['Conv (maps of 5 to 10)'] });
  });

  test('that leaves a factor of more than 9 open is a guess', () => {
    // e^(2 · 1.645 · σ) = 9 at σ = .668.
    const [known, guessed] = [0.66, 0.68].map((factor) =>
      predictNetwork(parameters, adaptation({ factor: firstOnly(factor, measuredClasses.length) }), network),
    );
    expect(known!.trust).toBe('trusted');
    expect(guessed!.trust).toBe('measure-first');
    expect(guessed!.trustReason).toContain('a factor of more than 9');
    const nothing = predictNetwork(
      parameters,
      adaptation({ factor: firstOnly(1000, measuredClasses.length) }),
      network,
    );
    expect([nothing.lowMs / nothing.latencyMs, nothing.highMs / nothing.latencyMs]).toEqual([1 / 1000, 1000]);
  });

  test('is wider by the share of what is unknown, and beyond a quarter not to be believed', async () => {
    // 2 of 9 is in an operator of no known kind.
    const odd = { ...graph, nodes: graph.nodes.map((n, i) => (i === 1 ? { ...n, operator: 'NonZeroish' } : n)) };
    const wider = predictNetwork(parameters, adaptation(), await priceNetworkOf(predictor, odd, new Set(['fused'])));
    expect(wider.unknownShare).toBeCloseTo(2 / 9, 4);
    expect(wider.highMs).toBeCloseTo(9 * Math.exp(0.1 * 1.644854) * (11 / 9), 3);
    expect(wider.lowMs).toBeCloseTo(9 * Math.exp(-0.1 * 1.644854) * (7 / 9), 3);
    expect(wider).toMatchObject({ trust: 'trusted', unknownOperators: ['NonZeroish'] });
    // The convolution's 6,912 multiply-accumulates are 165,888 for 24 images.
    const large = predictNetwork(
      parameters,
      adaptation(),
      await priceNetworkOf(predictor, graph, new Set(['fused']), 24),
    );
    expect(large.unknownShare).toBeCloseTo(6 / 9, 4);
    expect(large.trust).toBe('out-of-domain');
    expect(large.trustReason).toMatch(/^67 % .* learned from: Conv$/);
  });
});

test('what is far is larger than nearly all that was learned from, never smaller', () => {
  const convolution = network.kernels[1]!;
  expect(isUnknownKernel(convolution, normalisation, 1)).toBe(false);
  expect(isUnknownKernel(convolution, normalisation, 23)).toBe(false);
  expect(isUnknownKernel(convolution, normalisation, 24)).toBe(true);
  expect(isUnknownKernel(network.kernels[0]!, normalisation, 24)).toBe(false);
  expect(isUnknownKernel({ ...convolution, macs: 0 }, { ...normalisation, mean: Array(columns).fill(100) }, 1)).toBe(
    false,
  );
});

test('int8 kernels on a target without int8 measurements are said', async () => {
  const int8 = { ...network, kernels: network.kernels.map((k, i) => (i === 1 ? { ...k, type: 'int8' as const } : k)) };
  const predicted = predictNetwork(parameters, adaptation(), int8);
  expect(predicted).toMatchObject({
    lacksInt8: true,
    unmeasuredOperators: ['Conv (eight-bit)'],
    trust: 'measure-first',
  });
  const measured = adaptation();
  const head = measured.heads[0]!;
  const all = [...head.coordinates, coordinate('eight-bit')].sort((a, b) => a - b);
  const known = {
    ...measured,
    heads: [{ ...head, coordinates: all, weights: all.map(() => 0), factor: firstOnly(0.1, all.length) }],
  };
  expect(predictNetwork(parameters, known, int8)).toMatchObject({
    lacksInt8: false,
    unmeasuredShare: 0,
    trust: 'trusted',
  });
});
