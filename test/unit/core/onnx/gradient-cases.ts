// At least one gradient case for every differentiable operator, keyed by its exported name: operators.test.ts fails
// when an export has none.
import type { Tensor } from '#core/onnx/graph-builder.ts';
import { logDeterminantAndQuadratic } from '#core/onnx/linear-algebra.ts';
import {
  add,
  cast,
  clampMaximum,
  concatenate,
  divide,
  expand,
  exponential,
  gemm,
  logarithm,
  logSumExp,
  matmul,
  matrixTranspose,
  mean,
  multiply,
  negate,
  reshape,
  sigmoid,
  silu,
  slice,
  squareRoot,
  stopGradient,
  subtract,
  sum,
  transpose,
} from '#core/onnx/operators.ts';
import type { GradientCase } from './finite-differences.ts';

type Binary = (a: Tensor | number, b: Tensor | number) => Tensor;

const positive = [0.3, 2.5] as const;

/** Equal shapes, scalars, missing and unit axes on either side and on both, a number on either side. */
const broadcasts = (operator: Binary, range: readonly [number, number] = [-1.5, 1.5]): GradientCase[] => [
  ...[
    [
      [2, 3],
      [2, 3],
    ],
    [[2, 3], [3]],
    [[3], [2, 3]],
    [
      [2, 1, 3],
      [4, 1],
    ],
    [
      [4, 1],
      [2, 1, 3],
    ],
    [[2, 3], []],
    [[], [2, 3]],
    [[1, 1], [1]],
    [
      [2, 1],
      [2, 2],
    ],
  ].map((shapes): GradientCase => ({ shapes, apply: (a, b) => operator(a!, b!), range })),
  { shapes: [[2, 2]], apply: (a) => operator(a!, 1.7), range },
  { shapes: [[2, 2]], apply: (a) => operator(-0.6, a!), range },
  { shapes: [[2, 2]], apply: (a) => operator(a!, a!), range },
];

const elementwise = (operator: (x: Tensor) => Tensor, range: readonly [number, number] = [-1.5, 1.5]): GradientCase[] =>
  [[], [5], [2, 3, 2]].map((shape) => ({ shapes: [shape], apply: (x) => operator(x!), range }));

/** A Aᵀ + I is symmetric positive definite, and symmetric under every move of A's elements. */
const definite = (x: Tensor): Tensor => {
  const n = x.shape.at(-1)!;
  const identity = Float64Array.from({ length: n * n }, (_, i) => (i % (n + 1) === 0 ? 1 : 0));
  return add(matmul(x, matrixTranspose(x)), x.graph.constant(identity, [n, n]));
};

const bothForms = (a: Tensor, b: Tensor): Tensor => {
  const { logDeterminant, quadratic } = logDeterminantAndQuadratic(definite(a), b);
  return concatenate([logDeterminant, reshape(quadratic, [quadratic.shape.reduce((p, d) => p * d, 1)])], 0);
};

const gemmCases = [false, true].flatMap((transposeA) =>
  [false, true].flatMap((transposeB): GradientCase[] => {
    const left = transposeA ? [3, 2] : [2, 3];
    const right = transposeB ? [4, 3] : [3, 4];
    return [
      { shapes: [left, right], apply: (a, b) => gemm(a!, b!, { transposeA, transposeB }) },
      { shapes: [left, right, [4]], apply: (a, b, bias) => gemm(a!, b!, { transposeA, transposeB, bias: bias! }) },
    ];
  }),
);

export const gradientCases: Readonly<Record<string, readonly GradientCase[]>> = {
  add: broadcasts(add),
  subtract: broadcasts(subtract),
  multiply: broadcasts(multiply),
  divide: broadcasts(divide, positive),
  negate: elementwise(negate),
  exponential: elementwise(exponential),
  logarithm: elementwise(logarithm, positive),
  squareRoot: elementwise(squareRoot, positive),
  sigmoid: elementwise(sigmoid, [-6, 6]),
  silu: elementwise(silu, [-6, 6]),
  clampMaximum: [
    { shapes: [[2, 3]], at: [[-3, 0.49, 0.51, 2, 0.1, 9]], apply: (x) => clampMaximum(x!, 0.5) },
    { shapes: [[]], at: [[-3]], apply: (x) => clampMaximum(x!, -1) },
  ],
  stopGradient: [{ shapes: [[2, 2]], apply: (x) => stopGradient(multiply(x!, x!)), blocksGradient: true }],
  sum: [
    { shapes: [[2, 3, 2]], apply: (x) => sum(x!, [1]) },
    { shapes: [[2, 3, 2]], apply: (x) => sum(x!, [0, 2]) },
    { shapes: [[2, 3, 2]], apply: (x) => sum(x!, [0, 2], true) },
    { shapes: [[2, 3]], apply: (x) => sum(x!, [0, 1]) },
    { shapes: [[2, 3]], apply: (x) => sum(x!, []) },
    { shapes: [[1, 3]], apply: (x) => sum(x!, [0]) },
  ],
  mean: [
    { shapes: [[2, 3, 2]], apply: (x) => mean(x!, [1]) },
    { shapes: [[2, 3, 2]], apply: (x) => mean(x!, [0, 2], true) },
  ],
  logSumExp: [0, 1, 2].map((axis) => ({ shapes: [[2, 3, 2]], apply: (x) => logSumExp(x!, axis) })),
  reshape: [
    { shapes: [[2, 6]], apply: (x) => reshape(x!, [3, 1, 4]) },
    { shapes: [[1, 1]], apply: (x) => reshape(x!, []) },
    { shapes: [[2, 2]], apply: (x) => multiply(reshape(x!, [2, 2]), x!) },
  ],
  expand: [
    { shapes: [[3, 1]], apply: (x) => expand(x!, [2, 3, 4]) },
    { shapes: [[]], apply: (x) => expand(x!, [2, 2]) },
    { shapes: [[1]], apply: (x) => expand(x!, [1, 1]) },
    { shapes: [[2, 2]], apply: (x) => multiply(expand(x!, [2, 2]), x!) },
  ],
  transpose: [
    { shapes: [[2, 3, 4]], apply: (x) => transpose(x!, [2, 0, 1]) },
    { shapes: [[2, 3, 4]], apply: (x) => transpose(x!, [1, 2, 0]) },
    { shapes: [[2, 3]], apply: (x) => transpose(x!, [1, 0]) },
  ],
  matrixTranspose: [
    { shapes: [[2, 3]], apply: (x) => matrixTranspose(x!) },
    { shapes: [[2, 2, 3, 4]], apply: (x) => matrixTranspose(x!) },
  ],
  slice: [
    { shapes: [[5]], apply: (x) => slice(x!, 0, 1, 3) },
    { shapes: [[2, 4, 2]], apply: (x) => slice(x!, 1, 0, 2) },
    { shapes: [[2, 4, 2]], apply: (x) => slice(x!, 1, 3, 4) },
    { shapes: [[2, 4]], apply: (x) => multiply(slice(x!, 0, 0, 2), x!) },
  ],
  concatenate: [
    { shapes: [[2], [3]], apply: (a, b) => concatenate([a!, b!], 0) },
    {
      shapes: [
        [2, 1, 2],
        [2, 3, 2],
      ],
      apply: (a, b) => concatenate([a!, b!, a!], 1),
    },
    { shapes: [[2, 2]], apply: (a) => concatenate([a!], 1) },
  ],
  // Central differences of a square are exact, so only the rounding of float32 is left at a wide step.
  cast: [
    {
      shapes: [[2, 2]],
      apply: (x) => cast(multiply(cast(x!, 'float32'), cast(x!, 'float32')), 'float64'),
      step: 2 ** -5,
      tolerance: 3e-6,
    },
    { shapes: [[2, 2]], apply: (x) => multiply(cast(x!, 'float64'), x!) },
  ],
  gemm: gemmCases,
  matmul: [
    {
      shapes: [
        [2, 3],
        [3, 4],
      ],
      apply: (a, b) => matmul(a!, b!),
    },
    {
      shapes: [
        [2, 2, 3],
        [2, 3, 1],
      ],
      apply: (a, b) => matmul(a!, b!),
    },
    {
      shapes: [
        [2, 1, 2, 3],
        [2, 1, 3, 2],
      ],
      apply: (a, b) => matmul(a!, b!),
    },
    { shapes: [[2, 3, 3]], apply: (a) => matmul(a!, a!) },
  ],
  logDeterminantAndQuadratic: [
    {
      shapes: [
        [1, 1, 1],
        [1, 1, 1],
      ],
      apply: (a, b) => bothForms(a!, b!),
    },
    {
      shapes: [
        [2, 3, 3],
        [2, 3, 2],
      ],
      apply: (a, b) => bothForms(a!, b!),
    },
    {
      shapes: [
        [2, 10, 10],
        [2, 10, 2],
      ],
      apply: (a, b) => bothForms(a!, b!),
    },
    {
      shapes: [
        [1, 2, 2],
        [1, 2, 3],
      ],
      apply: (a, b) => bothForms(a!, b!),
    },
    { shapes: [[2, 3, 3]], apply: (a) => bothForms(a!, a!) },
  ],
};
