// A fully connected regression network, trained by squared error through core/onnx: what baselines are made of. The
// predictor itself is none (fitting/price-network.ts).
import { type AdamWSettings, oneCycle, stepScalars } from '#core/onnx/adamw.ts';
import type { Tensor } from '#core/onnx/graph-builder.ts';
import { gemm, mean, multiply, silu, subtract } from '#core/onnx/operators.ts';
import { type ParameterLayout, parameterLayout, parameterView } from '#core/onnx/parameters.ts';
import { createTrainer, initialState } from '#core/onnx/trainer.ts';
import { type Random, seededRandom } from '#core/random.ts';

const hiddenWidth = 128;
const batchRows = 128;
const stepsPerCall = 50;
const peakLearningRate = 3e-3;
const optimizer: AdamWSettings = { beta2: 0.999, epsilon: 1e-8, weightDecay: 0.01, maximumGradientNorm: 1 };

interface LayerShapes extends Readonly<Record<string, readonly number[]>> {
  readonly weight1: readonly [number, number];
  readonly bias1: readonly [number];
  readonly weight2: readonly [number, number];
  readonly bias2: readonly [number];
  readonly weight3: readonly [number, 1];
  readonly bias3: readonly [1];
}

/** inputs → 128 → 128 → 1, SiLU between. */
export interface RegressionNetwork {
  readonly layout: ParameterLayout<LayerShapes>;
  readonly parameters: Float32Array;
  /** The network's output is (value − mean) / deviation, of the values learned from. */
  readonly mean: number;
  readonly deviation: number;
}

export interface RegressionRows {
  /** Row-major [rows × width], of order 1. */
  readonly inputs: Float32Array;
  readonly width: number;
  /** What is to be learned [rows]. */
  readonly values: Float64Array;
}

/** Learns in so many steps of 128 rows drawn at random. The same rows and seed give the same network. */
export async function fitRegression(rows: RegressionRows, seed: number, steps: number): Promise<RegressionNetwork> {
  const { inputs, width, values } = rows;
  const random = seededRandom(seed);
  const layout = parameterLayout<LayerShapes>({
    weight1: [width, hiddenWidth],
    bias1: [hiddenWidth],
    weight2: [hiddenWidth, hiddenWidth],
    bias2: [hiddenWidth],
    weight3: [hiddenWidth, 1],
    bias3: [1],
  });
  const average = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - average) ** 2, 0) / values.length;
  const deviation = variance < 1e-12 ? 1 : Math.sqrt(variance);
  const trainer = await createTrainer(
    { layout, optimizer, batch: { inputs: [batchRows, width], values: [batchRows, 1] }, loss: squaredError },
    initialState(initialWeights(layout, random)),
  );
  try {
    for (let first = 0; first < steps; first += stepsPerCall) {
      const count = Math.min(stepsPerCall, steps - first);
      const drawn = Array.from({ length: count * batchRows }, () => random.integer(values.length));
      const batch = new Float32Array(drawn.length * width);
      for (const [i, row] of drawn.entries()) batch.set(inputs.subarray(row * width, (row + 1) * width), i * width);
      const scalars = Float32Array.from(
        Array.from({ length: count }, (_, i) =>
          Array.from(stepScalars(optimizer, first + i + 1, oneCycle(first + i, steps, peakLearningRate))),
        ).flat(),
      );
      const wanted = Float32Array.from(drawn, (row) => (values[row]! - average) / deviation);
      await trainer.run(count, scalars, { inputs: batch, values: wanted });
    }
    return { layout, parameters: trainer.state().parameters, mean: average, deviation };
  } finally {
    await trainer.close();
  }
}

function squaredError(weights: Record<keyof LayerShapes, Tensor>, batch: Record<'inputs' | 'values', Tensor>): Tensor {
  const hidden1 = silu(gemm(batch.inputs, weights['weight1']!, { bias: weights['bias1']! }));
  const hidden2 = silu(gemm(hidden1, weights['weight2']!, { bias: weights['bias2']! }));
  const error = subtract(gemm(hidden2, weights['weight3']!, { bias: weights['bias3']! }), batch.values);
  return mean(multiply(error, error), [0, 1]);
}

/** Uniform in ±1/√inputs of the layer. */
function initialWeights(layout: ParameterLayout<LayerShapes>, random: Random): Float32Array {
  const flat = new Float32Array(layout.count);
  for (const layer of [1, 2, 3] as const) {
    const bound = 1 / Math.sqrt(layout.shapes[`weight${layer}`][0]);
    for (const name of [`weight${layer}`, `bias${layer}`] as const) {
      const view = parameterView(layout, flat, name);
      for (let i = 0; i < view.length; i++) view[i] = random.uniform(-bound, bound);
    }
  }
  return flat;
}

/** The network's values for inputs [rows × width]. */
export function regress({ layout, parameters, mean: centre, deviation }: RegressionNetwork, inputs: Float32Array) {
  const width = layout.shapes.weight1[0];
  return Float64Array.from({ length: inputs.length / width }, (_, row) => {
    let layer = Float64Array.from(inputs.subarray(row * width, (row + 1) * width));
    for (const number of [1, 2, 3] as const) {
      const bias = parameterView(layout, parameters, `bias${number}`);
      const weight = parameterView(layout, parameters, `weight${number}`);
      const sums = Float64Array.from(bias);
      for (const [i, x] of layer.entries()) {
        if (x === 0) continue;
        for (let j = 0; j < sums.length; j++) sums[j]! += x * weight[i * sums.length + j]!;
      }
      layer = number === 3 ? sums : sums.map((x) => x / (1 + Math.exp(-x)));
    }
    return centre + deviation * layer[0]!;
  });
}
