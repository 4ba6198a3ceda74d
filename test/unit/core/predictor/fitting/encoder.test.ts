// The network's forward pass as a file, against plain arithmetic; standardisation and initial weights.
import { expect, test } from 'vitest';
import { bytesOf } from '#core/onnx/model.ts';
import { parameterView } from '#core/onnx/parameters.ts';
import { createSession, float32Tensor } from '#core/onnx/session.ts';
import {
  encodeNetwork,
  initialParameters,
  type NetworkLayout,
  networkLayout,
  outputCount,
  standardisationOf,
} from '#core/predictor/fitting/encoder.ts';
import { seededRandom } from '#core/random.ts';
import { range } from '../reference.ts';

const columns = 4;
const layout = networkLayout(columns);
const parameters = initialParameters(layout, seededRandom(1));
const view = (name: keyof NetworkLayout['shapes']) => parameterView(layout, parameters, name);

/** x [inputs] · W [inputs, outputs] + b. */
function affine(x: readonly number[], weight: Float32Array, bias?: Float32Array): number[] {
  const outputs = weight.length / x.length;
  return range(0, outputs).map((j) => x.reduce((sum, v, i) => sum + v * weight[i * outputs + j]!, bias?.[j] ?? 0));
}
const silu = (x: number): number => x / (1 + Math.exp(-x));

test('predictor.onnx is standardisation, SiLU layers and a linear skip', async () => {
  const features = Float32Array.from([1, 0, 5, 7, 2, 1, 5, -3, 4, 0, 5, 1, 9, 1, 5, 2]);
  const rows = features.length / columns;
  const standardisation = standardisationOf(features, columns);
  const session = await createSession(encodeNetwork(layout, parameters, standardisation));
  const outputs = await session.run({ features: float32Tensor(features, [rows, columns]) });
  await session.release();
  expect(outputs['lnMean']!.dims).toEqual([rows, 2]);
  expect(outputs['phi']!.dims).toEqual([rows, 96]);
  for (let row = 0; row < rows; row++) {
    const raw = [...features.subarray(row * columns, (row + 1) * columns)];
    const standard = raw.map((v, i) => (v - standardisation.mean[i]!) / standardisation.deviation[i]!);
    const hidden1 = affine(standard, view('weight1'), view('bias1')).map(silu);
    const hidden2 = affine(hidden1, view('weight2'), view('bias2')).map(silu);
    const deep = affine(hidden2, view('weight3'), view('bias3'));
    const out = affine(standard, view('skip')).map((v, i) => v + deep[i]!);
    const close = (actual: ArrayLike<number>, expected: readonly number[]) => {
      for (const [i, v] of expected.entries()) expect(actual[i]).toBeCloseTo(v, 5);
    };
    close((outputs['lnMean']!.data as Float32Array).subarray(2 * row), out.slice(0, 2));
    const phi = out.slice(2).map((v) => v / Math.sqrt(32));
    close((outputs['phi']!.data as Float32Array).subarray(96 * row), phi);
  }
});

test('columns are centred and scaled by their own deviation; a constant one is only centred', () => {
  const { mean, deviation } = standardisationOf(Float32Array.of(1, 7, 3, 7, 5, 7, 7, 7), 2);
  expect([...mean]).toEqual([4, 7]);
  expect(deviation[0]).toBeCloseTo(Math.sqrt(5), 6);
  expect(deviation[1]).toBe(1);
});

test('initial weights are uniform within their bounds; noise levels start equally likely', () => {
  const bounds = {
    weight1: 1 / Math.sqrt(columns),
    bias1: 1 / Math.sqrt(columns),
    weight2: 1 / Math.sqrt(128),
    bias2: 1 / Math.sqrt(128),
    weight3: 0.3 / Math.sqrt(128),
    bias3: 1 / Math.sqrt(128),
    skip: 0.3 / Math.sqrt(columns),
  };
  for (const [name, bound] of Object.entries(bounds) as [keyof typeof bounds, number][]) {
    const values = view(name);
    const largest = Math.max(...values.map(Math.abs));
    expect(largest, name).toBeLessThanOrEqual(bound);
    expect(largest, name).toBeGreaterThan(0.9 * bound);
    const mean = values.reduce((a, b) => a + b, 0) / values.length;
    expect(Math.abs(mean), name).toBeLessThan((5 * bound) / Math.sqrt(3 * values.length));
  }
  expect([...view('noiseLogits')]).toEqual(new Array(15).fill(0));
  expect(outputCount).toBe(98);
});

test('the same seed gives the same weights, another others', () => {
  const same = (seed: number) =>
    Buffer.compare(bytesOf(initialParameters(layout, seededRandom(seed))), bytesOf(parameters));
  expect(same(1)).toBe(0);
  expect(same(2)).not.toBe(0);
});
