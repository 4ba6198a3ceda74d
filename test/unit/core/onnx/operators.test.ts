// Every operator's values by hand and its gradient against central differences; what the graph builder refuses.
import { describe, expect, test } from 'vitest';
import { gradients } from '#core/onnx/gradient.ts';
import { GraphBuilder, type Tensor } from '#core/onnx/graph-builder.ts';
import * as linearAlgebra from '#core/onnx/linear-algebra.ts';
import * as operators from '#core/onnx/operators.ts';
import { checkGradients, expectClose } from './finite-differences.ts';
import { gradientCases } from './gradient-cases.ts';
import { runOnce } from './run-graph.ts';

const exported = [...Object.keys(operators), ...Object.keys(linearAlgebra)].toSorted();

test('every exported operator has a gradient case, and every case an operator', () => {
  expect(Object.keys(gradientCases).toSorted()).toEqual(exported);
  for (const [name, cases] of Object.entries(gradientCases)) expect(cases.length, name).toBeGreaterThan(0);
});

describe('gradients equal central differences', () => {
  for (const [name, cases] of Object.entries(gradientCases)) {
    test(name, async () => {
      for (const each of cases) await checkGradients(each);
    });
  }
});

/** A 2 × 3 and a 3 × 2 matrix. */
const a = [1, -2, 3, 4, 5, -6];
const b = [0.5, 1, -1, 2, 3, 4];
const logistic = (x: number): number => 1 / (1 + Math.exp(-x));

type OfTwo = (x: Tensor, y: Tensor) => Tensor;

/** Values of x = a [2, 3] and y = b [3, 2], worked out by hand, and the shape of the result. */
const values: Readonly<Record<string, readonly [OfTwo, number[], number[]]>> = {
  add: [(x) => operators.add(x, 10), [2, 3], [11, 8, 13, 14, 15, 4]],
  subtract: [(x) => operators.subtract(10, x), [2, 3], [9, 12, 7, 6, 5, 16]],
  multiply: [(x) => operators.multiply(x, operators.slice(x, 0, 1, 2)), [2, 3], [4, -10, -18, 16, 25, 36]],
  divide: [(x) => operators.divide(operators.slice(x, 1, 0, 1), x), [2, 3], [1, -0.5, 1 / 3, 1, 0.8, -2 / 3]],
  negate: [(x) => operators.negate(x), [2, 3], [-1, 2, -3, -4, -5, 6]],
  exponential: [(x) => operators.exponential(x), [2, 3], a.map(Math.exp)],
  logarithm: [(x) => operators.logarithm(operators.multiply(x, x)), [2, 3], a.map((v) => Math.log(v * v))],
  squareRoot: [(x) => operators.squareRoot(operators.multiply(x, x)), [2, 3], a.map(Math.abs)],
  sigmoid: [(x) => operators.sigmoid(x), [2, 3], a.map(logistic)],
  silu: [
    (x) => operators.cast(operators.silu(operators.cast(x, 'float32')), 'float64'),
    [2, 3],
    a.map((v) => v * logistic(v)),
  ],
  clampMaximum: [(x) => operators.clampMaximum(x, 3.5), [2, 3], [1, -2, 3, 3.5, 3.5, -6]],
  stopGradient: [(x) => operators.stopGradient(x), [2, 3], a],
  sum: [(x) => operators.sum(x, [0], true), [1, 3], [5, 3, -3]],
  mean: [(x) => operators.mean(x, [1]), [2], [2 / 3, 1]],
  logSumExp: [
    (x) => operators.logSumExp(x, 0),
    [3],
    [0, 1, 2].map((j) => Math.log(Math.exp(a[j]!) + Math.exp(a[j + 3]!))),
  ],
  reshape: [(x) => operators.reshape(x, [3, 2]), [3, 2], a],
  expand: [(x) => operators.expand(operators.slice(x, 1, 2, 3), [2, 2, 2]), [2, 2, 2], [3, 3, -6, -6, 3, 3, -6, -6]],
  transpose: [(x) => operators.transpose(operators.reshape(x, [1, 2, 3]), [2, 0, 1]), [3, 1, 2], [1, 4, -2, 5, 3, -6]],
  matrixTranspose: [(x) => operators.matrixTranspose(x), [3, 2], [1, 4, -2, 5, 3, -6]],
  slice: [(x) => operators.slice(x, 1, 1, 3), [2, 2], [-2, 3, 5, -6]],
  concatenate: [
    (x, y) => operators.concatenate([x, operators.matrixTranspose(y)], 0),
    [4, 3],
    [...a, 0.5, -1, 3, 1, 2, 4],
  ],
  cast: [(x) => operators.cast(operators.multiply(x, 0.5), 'int32'), [2, 3], [0, -1, 1, 2, 2, -3]],
  gemm: [
    (x, y) =>
      operators.gemm(y, x, {
        transposeA: true,
        transposeB: true,
        bias: x.graph.constant(Float64Array.of(10, 20), [2]),
      }),
    [2, 2],
    // [½ −1 3; 1 2 4] · [1 4; −2 5; 3 −6]
    [21.5, -1, 19, 10],
  ],
  matmul: [(x, y) => operators.matmul(x, y), [2, 2], [11.5, 9, -21, -10]],
  logDeterminantAndQuadratic: [
    (_, y) => {
      const matrix = y.graph.constant(Float64Array.of(4, 1, 1, 3), [1, 2, 2]);
      const right = y.graph.constant(Float64Array.of(1, 2), [1, 2, 1]);
      const { logDeterminant, quadratic } = linearAlgebra.logDeterminantAndQuadratic(matrix, right);
      return operators.concatenate([logDeterminant, operators.reshape(quadratic, [1])], 0);
    },
    [2],
    // The inverse is [3 −1; −1 4] / 11.
    [Math.log(11), (3 - 4 + 16) / 11],
  ],
};

test('values are those worked out by hand', async () => {
  expect(Object.keys(values).toSorted()).toEqual(exported);
  for (const [name, [apply, shape, expected]] of Object.entries(values)) {
    const graph = new GraphBuilder();
    const result = apply(graph.input('x', [2, 3], 'float64'), graph.input('y', [3, 2], 'float64'));
    expect(result.shape, name).toEqual(shape);
    graph.output(result, 'out');
    const feeds = {
      x: { data: Float64Array.from(a), shape: [2, 3] },
      y: { data: Float64Array.from(b), shape: [3, 2] },
    };
    expectClose((await runOnce(graph, feeds))['out']!, expected, name === 'silu' ? 1e-7 : 1e-12);
  }
});

describe('reverse mode', () => {
  const at = (graph: GraphBuilder, name: string, shape: number[] = [2]) => graph.input(name, shape, 'float64');
  const feed = (...data: number[]) => ({ data: Float64Array.from(data), shape: [data.length] });

  test('flows of several uses add up, and each parameter gets its own', async () => {
    const graph = new GraphBuilder();
    const [x, y, unused] = [at(graph, 'x'), at(graph, 'y'), at(graph, 'unused')];
    const product = operators.multiply(x, y);
    const loss = operators.sum(operators.add(operators.multiply(product, x), x), [0]);
    const [dy, dUnused, dx] = gradients(loss, [y, unused, x]);
    graph.output(dx!, 'dx');
    graph.output(dy!, 'dy');
    graph.output(dUnused!, 'dUnused');
    const out = await runOnce(graph, { x: feed(3, -2), y: feed(5, 7), unused: feed(1, 1) });
    // loss = Σ x²y + x
    expect([...out['dx']!]).toEqual([2 * 3 * 5 + 1, 2 * -2 * 7 + 1]);
    expect([...out['dy']!]).toEqual([9, 4]);
    expect([...out['dUnused']!]).toEqual([0, 0]);
  });

  test('a loss that is not a scalar is summed', async () => {
    const graph = new GraphBuilder();
    const x = at(graph, 'x');
    graph.output(gradients(operators.multiply(x, x), [x])[0]!, 'dx');
    expect([...(await runOnce(graph, { x: feed(3, -2) }))['dx']!]).toEqual([6, -4]);
  });

  test('an intermediate tensor can be the parameter', async () => {
    const graph = new GraphBuilder();
    const x = at(graph, 'x');
    const square = operators.multiply(x, x);
    const loss = operators.sum(operators.multiply(square, square), [0]);
    graph.output(gradients(loss, [square])[0]!, 'd');
    expect([...(await runOnce(graph, { x: feed(3, -2) }))['d']!]).toEqual([18, 8]);
  });

  test('a path through an operator without a gradient is refused by name', () => {
    const graph = new GraphBuilder();
    const x = at(graph, 'x');
    const floor = graph.node('Floor', [x], x.shape);
    expect(() => gradients(operators.sum(floor, [0]), [x])).toThrow(/Floor_\d+ has no gradient/);
    expect(() => gradients(operators.sum(operators.add(floor, x), [0]), [at(graph, 'other')])).not.toThrow();
  });

  test('nodes that lead to no output are left out', () => {
    const graph = new GraphBuilder();
    const x = at(graph, 'x');
    const kept = operators.add(x, 1);
    operators.multiply(operators.exponential(x), 3);
    graph.output(kept, 'kept');
    const built = graph.build('small');
    expect(built.nodes.map((n) => n.operator)).toEqual(['Add', 'Identity']);
    expect(built.initializers.length).toBe(1);
  });
});

describe('shapes that do not fit are refused while the graph is built', () => {
  const graph = new GraphBuilder();
  const [x, y] = [graph.input('x', [2, 3]), graph.input('y', [2, 4])];
  const refused: Readonly<Record<string, readonly [() => unknown, RegExp]>> = {
    broadcast: [() => operators.add(x, y), /cannot broadcast \[2,3\] with \[2,4\]/],
    'two numbers': [() => operators.add(1, 2), /must be a tensor/],
    reshape: [() => operators.reshape(x, [2, 2]), /cannot reshape \[2,3\] to \[2,2\]/],
    'slice past the end': [() => operators.slice(x, 1, 1, 4), /slice \[1, 4\) of 3/],
    'empty slice': [() => operators.slice(x, 1, 1, 1), /slice \[1, 1\) of 3/],
    'slice before the start': [() => operators.slice(x, 1, -1, 2), /slice \[-1, 2\) of 3/],
    gemm: [() => operators.gemm(x, y), /gemm of \[2,3\] and \[2,4\]/],
    matmul: [() => operators.matmul(x, y), /matmul of \[2,3\] and \[2,4\]/],
    constant: [() => graph.constant(Float32Array.of(1, 2), [3]), /2 values for shape \[3\]/],
    expand: [() => operators.expand(x, [2, 4]), /cannot broadcast \[2,3\] with \[2,4\]/],
    'expand to less': [() => operators.expand(x, [1, 3]), /cannot expand \[2,3\] to \[1,3\]/],
    concatenate: [() => operators.concatenate([x, y], 0), /cannot concatenate \[2,3\] and \[2,4\] along axis 0/],
  };
  for (const [name, [attempt, message]] of Object.entries(refused)) {
    test(name, () => {
      expect(attempt).toThrow(message);
    });
  }
});
