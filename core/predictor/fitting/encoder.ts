// The network of the predictor: SiLU layers d → 128 → 128 → outputs plus a bias-free linear skip. Outputs, for each
// architecture: ln m for the two means, and φ ∈ R³² for each of the three heads (divided by √32, so that φ·w with
// w ~ N(0, I) has the variance of one feature).
import { GraphBuilder, type Tensor } from '#core/onnx/graph-builder.ts';
import { add, divide, gemm, multiply, silu, slice, subtract } from '#core/onnx/operators.ts';
import { type ParameterLayout, parameterLayout, parameterView, unpack } from '#core/onnx/parameters.ts';
import { encodeModel } from '#core/onnx/writer.ts';
import { featureDimension, heads, meanCount, noiseLevels } from '#core/predictor/hypotheses.ts';
import type { Random } from '#core/random.ts';

const hiddenWidth = 128;
export const outputCount = meanCount + heads.length * featureDimension;

/**
 * Names and shapes of the parameters of the predictor's network for so many features, and where each lies in one flat
 * array.
 */
export const networkLayout = (featureCount: number) =>
  parameterLayout({
    weight1: [featureCount, hiddenWidth],
    bias1: [hiddenWidth],
    weight2: [hiddenWidth, hiddenWidth],
    bias2: [hiddenWidth],
    weight3: [hiddenWidth, outputCount],
    bias3: [outputCount],
    skip: [featureCount, outputCount],
    /** Logits of each head's noise levels. */
    noiseLogits: [heads.length, noiseLevels.length],
  });

export type NetworkLayout = ReturnType<typeof networkLayout>;
export type NetworkTensors = Record<keyof NetworkLayout['shapes'], Tensor>;

/**
 * Parameters to start training from, flat in `layout`'s order: weights uniform in ±1/√inputs, the last layer's and the
 * skip's × 0.3; noise levels equally likely.
 */
export function initialParameters(layout: NetworkLayout, random: Random): Float32Array {
  const flat = new Float32Array(layout.count);
  const fill = (name: keyof NetworkLayout['shapes'], inputs: number, factor: number): void => {
    const bound = factor / Math.sqrt(inputs);
    const view = parameterView(layout, flat, name);
    for (let i = 0; i < view.length; i++) view[i] = random.uniform(-bound, bound);
  };
  const inputs = layout.shapes.weight1[0]!;
  fill('weight1', inputs, 1);
  fill('bias1', inputs, 1);
  fill('weight2', hiddenWidth, 1);
  fill('bias2', hiddenWidth, 1);
  fill('weight3', hiddenWidth, 0.3);
  fill('bias3', hiddenWidth, 1);
  fill('skip', inputs, 0.3);
  return flat;
}

/**
 * The forward pass as a graph: standardised features [n, d] → ln m [n, 2], one for each mean, and φ [n, heads · 32].
 */
export function networkOutputs(tensors: NetworkTensors, features: Tensor): { lnMean: Tensor; phi: Tensor } {
  const hidden1 = silu(gemm(features, tensors.weight1, { bias: tensors.bias1 }));
  const hidden2 = silu(gemm(hidden1, tensors.weight2, { bias: tensors.bias2 }));
  const deep = gemm(hidden2, tensors.weight3, { bias: tensors.bias3 });
  const out = add(deep, gemm(features, tensors.skip));
  return {
    lnMean: slice(out, 1, 0, meanCount),
    phi: multiply(slice(out, 1, meanCount, outputCount), 1 / Math.sqrt(featureDimension)),
  };
}

export interface Standardisation {
  readonly mean: Float32Array;
  readonly deviation: Float32Array;
}

/**
 * Mean and deviation of each column of features, row-major [rows × columns]; a column that never changes keeps
 * deviation 1.
 */
export function standardisationOf(features: Float32Array, columns: number): Standardisation {
  const rows = features.length / columns;
  const mean = new Float64Array(columns);
  const square = new Float64Array(columns);
  for (let i = 0; i < features.length; i++) mean[i % columns]! += features[i]! / rows;
  for (let i = 0; i < features.length; i++) square[i % columns]! += (features[i]! - mean[i % columns]!) ** 2 / rows;
  return {
    mean: Float32Array.from(mean),
    deviation: Float32Array.from(square, (s) => (s < 1e-12 ? 1 : Math.sqrt(s))),
  };
}

/**
 * The bytes of predictor.onnx: input `features` [n, d] as the search space encodes them (standardised inside); outputs
 * `lnMean` [n, 2] and `phi` [n, heads · 32], all float32.
 * @param parameters flat, in `layout`'s order
 */
export function encodeNetwork(
  layout: ParameterLayout<NetworkLayout['shapes']>,
  parameters: Float32Array,
  standardisation: Standardisation,
): Uint8Array {
  const graph = new GraphBuilder();
  const columns = layout.shapes.weight1[0]!;
  // One row stands for n: nothing in the forward pass depends on the number of rows.
  const features = graph.input('features', [1, columns], 'float32', ['n', columns]);
  const centred = subtract(features, graph.constant(standardisation.mean, [columns]));
  const standard = divide(centred, graph.constant(standardisation.deviation, [columns]));
  const names = Object.keys(layout.shapes) as (keyof NetworkLayout['shapes'])[];
  const constants = Object.fromEntries(
    names.map((name) => [name, graph.constant(parameterView(layout, parameters, name), layout.shapes[name])]),
  ) as NetworkTensors;
  const { lnMean, phi } = networkOutputs(constants, standard);
  graph.output(lnMean, 'lnMean', ['n', meanCount]);
  graph.output(phi, 'phi', ['n', heads.length * featureDimension]);
  return encodeModel(graph.build('predictor'));
}

/** The parameters by name, each in its shape, as slices of one flat tensor in `layout`'s order. */
export const networkTensors = (layout: NetworkLayout, flat: Tensor): NetworkTensors => unpack(layout, flat);
