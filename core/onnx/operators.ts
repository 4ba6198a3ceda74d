// The differentiable operators: each appends an ONNX node and says how a gradient flows back through it. Names and
// semantics are ONNX's (opset 17, https://onnx.ai/onnx/operators/). Shapes are checked when the graph is built.
import type { Shape, Tensor, VectorJacobian } from './graph-builder.ts';
import { type DataType, elementCount } from './model.ts';
import { dataTypeNumber } from './writer.ts';

type Operand = Tensor | number;

const sameShape = (a: Shape, b: Shape): boolean => a.length === b.length && a.every((d, i) => d === b[i]);

function broadcastShape(a: Shape, b: Shape): number[] {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, i) => {
    const x = a[a.length - rank + i] ?? 1;
    const y = b[b.length - rank + i] ?? 1;
    if (x !== y && x !== 1 && y !== 1) throw new RangeError(`cannot broadcast [${a}] with [${b}]`);
    return Math.max(x, y);
  });
}

/** Sums a gradient over the axes along which its tensor was broadcast. */
function unbroadcast(gradient: Tensor, shape: Shape): Tensor {
  if (sameShape(gradient.shape, shape)) return gradient;
  const lead = gradient.shape.length - shape.length;
  const axes = gradient.shape.flatMap((d, i) => (i < lead || (shape[i - lead] === 1 && d !== 1) ? [i] : []));
  return reshape(axes.length > 0 ? sum(gradient, axes, true) : gradient, shape);
}

function operands(a: Operand, b: Operand): [Tensor, Tensor] {
  if (typeof a !== 'number') return [a, typeof b === 'number' ? a.graph.scalar(b, a.dataType) : b];
  if (typeof b === 'number') throw new TypeError('one operand must be a tensor');
  return [b.graph.scalar(a, b.dataType), b];
}

function binary(
  operator: string,
  left: Operand,
  right: Operand,
  flow: (d: Tensor, a: Tensor, b: Tensor, wanted: readonly boolean[]) => readonly (Tensor | null)[],
): Tensor {
  const [a, b] = operands(left, right);
  return a.graph.node(operator, [a, b], broadcastShape(a.shape, b.shape), {
    vectorJacobian: (d, wanted) => {
      const [da, db] = flow(d, a, b, wanted);
      return [da ? unbroadcast(da, a.shape) : null, db ? unbroadcast(db, b.shape) : null];
    },
  });
}

/** a + b, broadcast, with gradients to both. */
export const add = (a: Operand, b: Operand): Tensor =>
  binary('Add', a, b, (d, _a, _b, [wantA, wantB]) => [wantA ? d : null, wantB ? d : null]);
/** a − b, broadcast, with gradients to both. */
export const subtract = (a: Operand, b: Operand): Tensor =>
  binary('Sub', a, b, (d, _a, _b, [wantA, wantB]) => [wantA ? d : null, wantB ? negate(d) : null]);
/** a · b element by element, broadcast, with gradients to both. */
export const multiply = (a: Operand, b: Operand): Tensor =>
  binary('Mul', a, b, (d, x, y, [wantA, wantB]) => [wantA ? multiply(d, y) : null, wantB ? multiply(d, x) : null]);
/** a / b element by element, broadcast, with gradients to both. */
export const divide = (a: Operand, b: Operand): Tensor =>
  binary('Div', a, b, (d, x, y, [wantA, wantB]) => [
    wantA ? divide(d, y) : null,
    wantB ? negate(divide(multiply(d, x), multiply(y, y))) : null,
  ]);

function unary(operator: string, x: Tensor, flow: (d: Tensor, x: Tensor, y: Tensor) => Tensor): Tensor {
  const y: Tensor = x.graph.node(operator, [x], x.shape, { vectorJacobian: (d) => [flow(d, x, y)] });
  return y;
}

/** −x. */
export const negate = (x: Tensor): Tensor => unary('Neg', x, (d) => negate(d));
/** e to the power of x, element by element. */
export const exponential = (x: Tensor): Tensor => unary('Exp', x, (d, _x, y) => multiply(d, y));
/** The natural logarithm, element by element. */
export const logarithm = (x: Tensor): Tensor => unary('Log', x, (d) => divide(d, x));
/** The square root, element by element. */
export const squareRoot = (x: Tensor): Tensor => unary('Sqrt', x, (d, _x, y) => divide(multiply(d, 0.5), y));
/** 1 / (1 + e⁻ˣ), element by element. */
export const sigmoid = (x: Tensor): Tensor =>
  unary('Sigmoid', x, (d, _x, y) => multiply(d, multiply(y, subtract(1, y))));

const where = (condition: Tensor, a: Tensor, b: Tensor): Tensor =>
  a.graph.node('Where', [condition, a, b], a.shape, { dataType: a.dataType });

/** x · sigmoid(x). Its derivative reuses both: s + y (1 − s). Alone, ONNX Runtime makes it one node (QuickGelu), which
 * it has in float32 only. */
export function silu(x: Tensor): Tensor {
  const s = sigmoid(x);
  const y: Tensor = x.graph.node('Mul', [x], x.shape, {
    constants: [s],
    vectorJacobian: (d) => [multiply(d, add(s, multiply(y, subtract(1, s))))],
  });
  return y;
}

/** min(x, limit), elementwise; the gradient is zero where the limit holds. */
export function clampMaximum(x: Tensor, limit: number): Tensor {
  const bound = x.graph.scalar(limit, x.dataType);
  return x.graph.node('Min', [x], x.shape, {
    constants: [bound],
    vectorJacobian: (d) => {
      const below = x.graph.node('Less', [x, bound], x.shape, { dataType: 'bool' });
      return [where(below, d, x.graph.scalar(0, x.dataType))];
    },
  });
}

/** The same value, through which no gradient flows. */
export const stopGradient = (x: Tensor): Tensor => ({ ...x, parents: [], vectorJacobian: undefined });

/** Sums over `axes`, which disappear unless `keepDimensions`; over none it is x itself. */
export function sum(x: Tensor, axes: readonly number[], keepDimensions = false): Tensor {
  // To ONNX no axes means all of them.
  if (axes.length === 0) return x;
  const kept = x.shape.map((d, i) => (axes.includes(i) ? 1 : d));
  const shape = keepDimensions ? kept : x.shape.filter((_, i) => !axes.includes(i));
  return x.graph.node('ReduceSum', [x], shape, {
    constants: [x.graph.integers(axes)],
    attributes: { keepdims: { int: keepDimensions ? 1 : 0 } },
    vectorJacobian: (d) => [expand(reshape(d, kept), x.shape)],
  });
}

export const mean = (x: Tensor, axes: readonly number[], keepDimensions = false): Tensor =>
  multiply(sum(x, axes, keepDimensions), 1 / axes.reduce((product, i) => product * x.shape[i]!, 1));

/** ln Σ exp over one axis, which is removed. */
export function logSumExp(x: Tensor, axis: number): Tensor {
  const kept = x.shape.map((d, i) => (i === axis ? 1 : d));
  const shape = x.shape.filter((_, i) => i !== axis);
  const y: Tensor = x.graph.node('ReduceLogSumExp', [x], shape, {
    attributes: { axes: { ints: [axis] }, keepdims: { int: 0 } },
    vectorJacobian: (d) => [multiply(reshape(d, kept), exponential(subtract(x, reshape(y, kept))))],
  });
  return y;
}

/** The same elements in another shape.
 * @throws RangeError when their numbers differ */
export function reshape(x: Tensor, shape: Shape): Tensor {
  if (sameShape(x.shape, shape)) return x;
  if (elementCount(x.shape) !== elementCount(shape)) throw new RangeError(`cannot reshape [${x.shape}] to [${shape}]`);
  return x.graph.node('Reshape', [x], shape, {
    constants: [x.graph.integers(shape)],
    vectorJacobian: (d) => [reshape(d, x.shape)],
  });
}

/** x repeated along its axes of length 1.
 * @throws RangeError when it cannot become that shape */
export function expand(x: Tensor, shape: Shape): Tensor {
  if (sameShape(x.shape, shape)) return x;
  if (!sameShape(broadcastShape(x.shape, shape), shape))
    throw new RangeError(`cannot expand [${x.shape}] to [${shape}]`);
  return x.graph.node('Expand', [x], shape, {
    constants: [x.graph.integers(shape)],
    vectorJacobian: (d) => [unbroadcast(d, x.shape)],
  });
}

/** Axis i of the result is axis `permutation[i]` of x. */
export function transpose(x: Tensor, permutation: readonly number[]): Tensor {
  const inverse = permutation.map((_, i) => permutation.indexOf(i));
  const shape = permutation.map((p) => x.shape[p]!);
  return x.graph.node('Transpose', [x], shape, {
    attributes: { perm: { ints: permutation } },
    vectorJacobian: (d) => [transpose(d, inverse)],
  });
}

/** Swaps the last two axes. */
export function matrixTranspose(x: Tensor): Tensor {
  const rank = x.shape.length;
  return transpose(x, [...Array.from({ length: rank - 2 }, (_, i) => i), rank - 1, rank - 2]);
}

/** Elements [start, end) of one axis. */
export function slice(x: Tensor, axis: number, start: number, end: number): Tensor {
  const length = x.shape[axis]!;
  if (start < 0 || end > length || start >= end) throw new RangeError(`slice [${start}, ${end}) of ${length}`);
  if (start === 0 && end === length) return x;
  const g = x.graph;
  const shape = x.shape.map((d, i) => (i === axis ? end - start : d));
  return g.node('Slice', [x], shape, {
    constants: [g.integers([start]), g.integers([end]), g.integers([axis])],
    vectorJacobian: (d) => {
      const pads = new Array<number>(2 * x.shape.length).fill(0);
      pads[axis] = start;
      pads[x.shape.length + axis] = length - end;
      return [g.node('Pad', [d], x.shape, { constants: [g.integers(pads)] })];
    },
  });
}

/** Parts one after another along an axis.
 * @throws RangeError when they differ in another */
export function concatenate(parts: readonly Tensor[], axis: number): Tensor {
  const first = parts[0]!;
  for (const { shape } of parts) {
    if (shape.length !== first.shape.length || shape.some((d, i) => i !== axis && d !== first.shape[i])) {
      throw new RangeError(`cannot concatenate [${first.shape}] and [${shape}] along axis ${axis}`);
    }
  }
  const total = parts.reduce((n, p) => n + p.shape[axis]!, 0);
  const shape = first.shape.map((d, i) => (i === axis ? total : d));
  return first.graph.node('Concat', parts, shape, {
    attributes: { axis: { int: axis } },
    vectorJacobian: (d) => {
      let start = 0;
      return parts.map((p) => {
        const flow = slice(d, axis, start, start + p.shape[axis]!);
        start += p.shape[axis]!;
        return flow;
      });
    },
  });
}

/** The same values in another type. */
export function cast(x: Tensor, dataType: DataType): Tensor {
  if (x.dataType === dataType) return x;
  return x.graph.node('Cast', [x], x.shape, {
    attributes: { to: { int: dataTypeNumber[dataType] } },
    dataType,
    vectorJacobian: (d) => [cast(d, x.dataType)],
  });
}

export interface GemmOptions {
  readonly transposeA?: boolean;
  readonly transposeB?: boolean;
  /** [columns], added to every row. */
  readonly bias?: Tensor;
}

/** op(a) · op(b) + bias for matrices. The bias's gradient is Gemm(ones, d), faster than ReduceSum in ONNX Runtime. */
export function gemm(a: Tensor, b: Tensor, options: GemmOptions = {}): Tensor {
  const { transposeA = false, transposeB = false, bias } = options;
  const [rows, inner] = transposeA ? [a.shape[1]!, a.shape[0]!] : [a.shape[0]!, a.shape[1]!];
  const [innerB, columns] = transposeB ? [b.shape[1]!, b.shape[0]!] : [b.shape[0]!, b.shape[1]!];
  if (inner !== innerB) throw new RangeError(`gemm of [${a.shape}] and [${b.shape}]`);
  const flowToA = (d: Tensor): Tensor =>
    transposeA ? gemm(b, d, { transposeA: transposeB, transposeB: true }) : gemm(d, b, { transposeB: !transposeB });
  const flowToB = (d: Tensor): Tensor =>
    transposeB ? gemm(d, a, { transposeA: true, transposeB: transposeA }) : gemm(a, d, { transposeA: !transposeA });
  const flowToBias = (d: Tensor): Tensor =>
    reshape(gemm(expand(a.graph.scalar(1, d.dataType), [1, rows]), d), [columns]);
  const vectorJacobian: VectorJacobian = (d, [wantA, wantB, wantBias]) => [
    wantA ? flowToA(d) : null,
    wantB ? flowToB(d) : null,
    wantBias ? flowToBias(d) : null,
  ];
  return a.graph.node('Gemm', bias ? [a, b, bias] : [a, b], [rows, columns], {
    attributes: { transA: { int: transposeA ? 1 : 0 }, transB: { int: transposeB ? 1 : 0 } },
    vectorJacobian,
  });
}

/** Batched a · b over equal leading dimensions: [..., n, k] · [..., k, m] → [..., n, m]. */
export function matmul(a: Tensor, b: Tensor): Tensor {
  const rank = a.shape.length;
  const lead = a.shape.slice(0, -2);
  if (rank !== b.shape.length || !sameShape(lead, b.shape.slice(0, -2)) || a.shape[rank - 1] !== b.shape[rank - 2]) {
    throw new RangeError(`matmul of [${a.shape}] and [${b.shape}]`);
  }
  return a.graph.node('MatMul', [a, b], [...lead, a.shape[rank - 2]!, b.shape[rank - 1]!], {
    vectorJacobian: (d, [wantA, wantB]) => [
      wantA ? matmul(d, matrixTranspose(b)) : null,
      wantB ? matmul(matrixTranspose(a), d) : null,
    ],
  });
}
