// Compares the gradients that gradient.ts appends with central differences of the same graph, in float64.
import { expect } from 'vitest';
import { gradients } from '#core/onnx/gradient.ts';
import { GraphBuilder, type Tensor } from '#core/onnx/graph-builder.ts';
import { elementCount } from '#core/onnx/model.ts';
import { multiply, sum } from '#core/onnx/operators.ts';
import { seededRandom } from '#core/random.ts';
import { type Values, withGraph } from './run-graph.ts';

export interface GradientCase {
  readonly shapes: readonly (readonly number[])[];
  readonly apply: (...inputs: Tensor[]) => Tensor;
  /** Where the inputs lie; a kink or a pole inside it would make differences meaningless. Default [-1.5, 1.5). */
  readonly range?: readonly [number, number];
  /** Given inputs instead of random ones. */
  readonly at?: readonly (readonly number[])[];
  /** Size of a move and tolerance; larger where the operator computes in float32. */
  readonly step?: number;
  readonly tolerance?: number;
  /** The operator passes no gradient on, by design: zeros, whatever the differences say. */
  readonly blocksGradient?: true;
}

/** Every element of every input is moved; loss = Σ weight · output with random weights, so no error cancels out. */
export async function checkGradients(testCase: GradientCase): Promise<void> {
  const { step = 1e-5, tolerance = 1e-7 } = testCase;
  const random = seededRandom(17);
  const graph = new GraphBuilder();
  const inputs = testCase.shapes.map((shape, i) => graph.input(`x${i}`, shape, 'float64'));
  const output = testCase.apply(...inputs);
  const weights = Float64Array.from({ length: elementCount(output.shape) }, () => random.normal());
  const axes = output.shape.map((_, i) => i);
  const weighted = multiply(output, graph.constant(weights, output.shape));
  const loss = axes.length === 0 ? weighted : sum(weighted, axes);
  const flows = gradients(loss, inputs);
  graph.output(loss, 'loss');
  flows.forEach((flow, i) => {
    expect(flow.shape).toEqual(testCase.shapes[i]);
    graph.output(flow, `d${i}`);
  });
  const [low, high] = testCase.range ?? [-1.5, 1.5];
  const values = testCase.shapes.map((shape, i) =>
    Float64Array.from({ length: elementCount(shape) }, (_, j) => testCase.at?.[i]?.[j] ?? random.uniform(low, high)),
  );
  await withGraph(graph, async (run) => {
    const feeds = (moved: readonly Float64Array[]): Record<string, Values> =>
      Object.fromEntries(moved.map((data, i) => [`x${i}`, { data, shape: testCase.shapes[i]! }]));
    const analytic = await run(feeds(values));
    const lossAt = async (input: number, element: number, change: number): Promise<number> => {
      const moved = values.map((v, i) => (i === input ? v.with(element, v[element]! + change) : v));
      return (await run(feeds(moved)))['loss']![0]!;
    };
    for (const [i, value] of values.entries()) {
      const differences = new Float64Array(value.length);
      for (let j = 0; j < value.length; j++) {
        differences[j] = ((await lossAt(i, j, step)) - (await lossAt(i, j, -step))) / (2 * step);
      }
      const expected = testCase.blocksGradient ? differences.fill(0) : differences;
      expectClose(analytic[`d${i}`]!, expected, tolerance);
    }
  });
}

/** Every element within `tolerance` of the largest expected magnitude (at least 1). */
export function expectClose(actual: Float64Array, expected: ArrayLike<number>, tolerance: number): void {
  expect(actual.length).toBe(expected.length);
  const scale = Math.max(1, ...Array.from(expected, Math.abs));
  const errors = Array.from(actual, (value, i) => Math.abs(value - expected[i]!) / scale);
  const i = errors.findIndex((error) => !(error <= tolerance));
  if (i >= 0) {
    expect.fail(`element ${i}: ${actual[i]}, expected ${expected[i]} (of ${actual.length}, tolerance ${tolerance})`);
  }
}
