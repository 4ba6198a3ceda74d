// The regression network that baselines are made of: its layers by hand, and a known function that it can learn.
import { expect, test, vi } from 'vitest';
import { parameterLayout, parameterView } from '#core/onnx/parameters.ts';
import { fitRegression, type RegressionNetwork, regress } from '#core/predictor/regression-network.ts';
import { seededRandom } from '#core/random.ts';

// A second of computing, more on a busy machine.
vi.setConfig({ testTimeout: 60_000 });

const silu = (x: number): number => x / (1 + Math.exp(-x));

test('two layers of SiLU and a last one without, by hand', () => {
  const layout = parameterLayout({
    weight1: [2, 2],
    bias1: [2],
    weight2: [2, 2],
    bias2: [2],
    weight3: [2, 1],
    bias3: [1],
  } as const);
  const parameters = new Float32Array(layout.count);
  const set = (name: keyof typeof layout.shapes, ...values: number[]): void =>
    parameterView(layout, parameters, name).set(values);
  // Rows are inputs, columns outputs: input 0 feeds unit 0 with 1 and unit 1 with −2, input 1 unit 1 with 0.5.
  set('weight1', 1, -2, 0, 0.5);
  set('bias1', 0.25, 0);
  set('weight2', 1, 0, 3, 1);
  set('bias2', 0, -1);
  set('weight3', 2, -4);
  set('bias3', 0.5);
  const network = { layout, parameters, mean: 10, deviation: 2 } as unknown as RegressionNetwork;
  const by = (x: number, y: number): number => {
    const [a, b] = [silu(x + 0.25), silu(-2 * x + 0.5 * y)];
    return 10 + 2 * (2 * silu(a + 3 * b) - 4 * silu(b - 1) + 0.5);
  };
  const found = regress(network, Float32Array.of(1, 2, -0.5, 4));
  expect(found).toHaveLength(2);
  expect(found[0]).toBeCloseTo(by(1, 2), 6);
  expect(found[1]).toBeCloseTo(by(-0.5, 4), 6);
});

/** 3 + 2·x₀·x₁ + x₂: no linear function of x leaves less of it than the product, whose deviation is 2 · ⅓. */
function rowsOf(count: number, seed: number) {
  const random = seededRandom(seed);
  const inputs = Float32Array.from({ length: count * 3 }, () => random.uniform(-1, 1));
  const at = (row: number, column: number): number => inputs[row * 3 + column]!;
  const values = Float64Array.from({ length: count }, (_, row) => 3 + 2 * at(row, 0) * at(row, 1) + at(row, 2));
  return { inputs, width: 3, values };
}

test('a known function with a product in it is learned', async () => {
  const rows = rowsOf(400, 1);
  const network = await fitRegression(rows, 7, 1000);
  const unseen = rowsOf(200, 2);
  const found = regress(network, unseen.inputs);
  const square = found.reduce((sum, value, row) => sum + (value - unseen.values[row]!) ** 2, 0) / 200;
  expect(Math.sqrt(square)).toBeLessThan(0.15);
});

test('the same rows and seed give the same network', async () => {
  const rows = rowsOf(50, 1);
  const first = await fitRegression(rows, 7, 60);
  expect((await fitRegression(rows, 7, 60)).parameters).toEqual(first.parameters);
  expect((await fitRegression(rows, 8, 60)).parameters).not.toEqual(first.parameters);
});
