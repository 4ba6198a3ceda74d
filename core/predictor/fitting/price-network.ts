// The network that prices a kernel: SiLU layers d → 64 → 64 → 1 + 24 plus a bias-free linear skip, twice (see
// hypotheses.ts), d being its features and its classes: libraries price shapes by jumps, which shape alone is too
// smooth to say. Outputs for each kernel: ln μ and ψ (learned features over √24, then a learned width for each class
// that the kernel is in, 0 elsewhere).
import { GraphBuilder, type Tensor } from '#core/onnx/graph-builder.ts';
import {
  add,
  clampMaximum,
  concatenate,
  divide,
  exponential,
  gemm,
  multiply,
  negate,
  reshape,
  sigmoid,
  silu,
  slice,
  subtract,
} from '#core/onnx/operators.ts';
import { type ParameterLayout, parameterLayout, parameterView } from '#core/onnx/parameters.ts';
import { encodeModel } from '#core/onnx/writer.ts';
import { learnedFeatures, netCount, noiseLevels } from '#core/predictor/hypotheses.ts';
import { classIndex, kernelClassNames } from '#core/predictor/kernels/kernel-classes.ts';
import { flagCount, kernelFeatureNames } from '#core/predictor/kernels/kernel-features.ts';
import type { Random } from '#core/random.ts';

const hiddenWidth = 64;
const outputs = 1 + learnedFeatures;
const columns = kernelFeatureNames.length;
const classes = kernelClassNames.length;
/** The network sees a kernel's features and which classes it is in. */
const inputs = columns + classes;

/** The parameters of the network that prices kernels, for so many heads. */
export const priceLayout = (headCount: number) =>
  parameterLayout({
    weight1: [netCount, inputs, hiddenWidth],
    bias1: [netCount, hiddenWidth],
    weight2: [netCount, hiddenWidth, hiddenWidth],
    bias2: [netCount, hiddenWidth],
    weight3: [netCount, hiddenWidth, outputs],
    bias3: [netCount, outputs],
    skip: [netCount, inputs, outputs],
    /** ln of each class's width, over `fastFactor`. */
    lnWidths: [netCount, classes],
    /** Logits of each head's noise levels, over `fastFactor`. */
    noiseLogits: [headCount, noiseLevels.length],
  });

/** Widths and noise levels have a long way to go at the pace of a weight: they are stated in larger units. */
export const fastFactor = 2;

export type PriceLayout = ReturnType<typeof priceLayout>;
export type PriceTensors = Record<keyof PriceLayout['shapes'], Tensor>;

const initialWidth = 0.2;
/** The constant of a run may be anything: most of a single operator's latency, a small part of a network's. */
const initialRunWidth = 1;

/** Weights uniform in ±1/√inputs, the last layer's × 0.3, the skip's × 0.1 with a first guess of the price: macs for
 * compute, traffic for the rest. */
export function initialParameters(layout: PriceLayout, random: Random): Float32Array {
  const flat = new Float32Array(layout.count);
  const fill = (name: keyof PriceLayout['shapes'], inputs: number, factor: number): void => {
    const bound = factor / Math.sqrt(inputs);
    const view = parameterView(layout, flat, name);
    for (let i = 0; i < view.length; i++) view[i] = random.uniform(-bound, bound);
  };
  fill('weight1', columns, 1);
  fill('bias1', columns, 1);
  fill('weight2', hiddenWidth, 1);
  fill('bias2', hiddenWidth, 1);
  fill('weight3', hiddenWidth, 0.3);
  fill('bias3', hiddenWidth, 1);
  fill('skip', columns, 0.1);
  const skip = parameterView(layout, flat, 'skip');
  const lnWidths = parameterView(layout, flat, 'lnWidths');
  for (let net = 0; net < netCount; net++) {
    for (const [name, slope] of [
      ['macs', 1],
      ['read', 0.5],
    ] as const) {
      skip[(net * inputs + kernelFeatureNames.indexOf(name)) * outputs]! += slope;
    }
    for (let c = 0; c < classes; c++) lnWidths[net * classes + c] = Math.log(initialWidth) / fastFactor;
    lnWidths[net * classes + classIndex.get('run')!] = Math.log(initialRunWidth) / fastFactor;
  }
  return flat;
}

/** ln of the factor by which a price may be off the middle: bounded softly, for kernels that no network of a pool
 * tells apart have no price that could be learned, and would run away. */
const farthestPrice = 15;

export interface KernelPrices {
  /** ln μ [U, 1], less its mean over the rows: a scale is free, and would drift. */
  readonly lnMean: Tensor;
  /** ψ [U, P]. */
  readonly psi: Tensor;
}

/** Standardised features [U, d] and class memberships [U, classes] → prices under one of the networks. */
export function kernelPrices(tensors: PriceTensors, net: number, features: Tensor, membership: Tensor): KernelPrices {
  const of = (name: keyof PriceTensors): Tensor => {
    const own = slice(tensors[name], 0, net, net + 1);
    return reshape(own, own.shape.slice(1));
  };
  const seen = concatenate([features, membership], 1);
  const hidden1 = silu(gemm(seen, of('weight1'), { bias: of('bias1') }));
  const hidden2 = silu(gemm(hidden1, of('weight2'), { bias: of('bias2') }));
  const out = add(gemm(hidden2, of('weight3'), { bias: of('bias3') }), gemm(seen, of('skip')));
  const learned = multiply(slice(out, 1, 1, outputs), 1 / Math.sqrt(learnedFeatures));
  const widths = reshape(exponential(multiply(of('lnWidths'), fastFactor)), [1, classes]);
  const lnMean = subtract(
    multiply(sigmoid(multiply(slice(out, 1, 0, 1), 2 / farthestPrice)), 2 * farthestPrice),
    farthestPrice,
  );
  return { lnMean, psi: concatenate([learned, multiply(membership, widths)], 1) };
}

export interface Standardisation {
  readonly mean: Float32Array;
  readonly deviation: Float32Array;
}

/** Mean and deviation of the shape features over kernels' rows [rows × d]; flags keep mean 0 and deviation 1, and so
 * does a column that never changes. */
export function standardisationOf(features: Float32Array): Standardisation {
  const rows = features.length / columns;
  const mean = new Float64Array(columns);
  const square = new Float64Array(columns);
  for (let i = 0; i < features.length; i++) mean[i % columns]! += features[i]! / rows;
  for (let i = 0; i < features.length; i++) square[i % columns]! += (features[i]! - mean[i % columns]!) ** 2 / rows;
  return {
    mean: Float32Array.from(mean, (m, i) => (i < flagCount ? 0 : m)),
    deviation: Float32Array.from(square, (s, i) => (i < flagCount || s < 1e-12 ? 1 : Math.sqrt(s))),
  };
}

/** Deviations from the mean beyond which features are held: what few kernels have is far out, and would be priced
 * without bounds. */
const farthest = 6;

/** Features less their mean, over their deviation, in a new array of the same shape. */
export const standardised = (features: Float32Array, { mean, deviation }: Standardisation): Float32Array =>
  features.map((value, i) =>
    Math.min(Math.max((value - mean[i % columns]!) / deviation[i % columns]!, -farthest), farthest),
  );

/** predictor.onnx: `features` [n, d] as kernelFeatures gives them and `membership` [n, classes] → `lnMean{net}` [n, 1]
 * and `psi{net}` [n, P]. */
export function encodePriceNetwork(
  layout: ParameterLayout<PriceLayout['shapes']>,
  parameters: Float32Array,
  standardisation: Standardisation,
): Uint8Array {
  const graph = new GraphBuilder();
  // One row stands for n: nothing in the forward pass depends on the number of rows.
  const features = graph.input('features', [1, columns], 'float32', ['n', columns]);
  const membership = graph.input('membership', [1, classes], 'float32', ['n', classes]);
  const centred = subtract(features, graph.constant(standardisation.mean, [columns]));
  const deviations = divide(centred, graph.constant(standardisation.deviation, [columns]));
  const standard = clampMaximum(negate(clampMaximum(negate(deviations), farthest)), farthest);
  const names = Object.keys(layout.shapes) as (keyof PriceLayout['shapes'])[];
  const tensors = Object.fromEntries(
    names.map((name) => [name, graph.constant(parameterView(layout, parameters, name), layout.shapes[name])]),
  ) as PriceTensors;
  for (let net = 0; net < netCount; net++) {
    const { lnMean, psi } = kernelPrices(tensors, net, standard, membership);
    graph.output(lnMean, `lnMean${net}`, ['n', 1]);
    graph.output(psi, `psi${net}`, ['n', psi.shape[1]!]);
  }
  return encodeModel(graph.build('predictor'));
}
