// Operators that take axes away: reductions, and the places of extremes.
import { asType } from './elementwise.ts';
import { elementCount, type Known, stridesOf } from './known.ts';
import type { NodeContext, Rule } from './node-context.ts';

/** Axes are an attribute up to opset 12 (ReduceSum) or 17 (the others), an input after. */
function reduce(fold?: (values: readonly number[]) => number): Rule {
  return (n) => {
    const x = n.input(0);
    const rank = x.shape.length;
    const given = n.attributeOrInput('axes', 1) ?? [];
    if (given.length === 0 && n.int('noop_with_empty_axes', 0) === 1) return [x];
    const axes = new Set(given.length === 0 ? x.shape.keys() : n.axes(given, rank));
    const keep = n.int('keepdims', 1) !== 0;
    const shape = x.shape.flatMap((d, axis) => (axes.has(axis) ? (keep ? [1] : []) : [d]));
    // What is left of nothing differs from operator to operator, and shapes no graph.
    if (fold === undefined || elementCount(x.shape) === 0) return [{ type: x.type, shape }];
    return [n.known(x.type, shape, () => x.values && reduced(x, axes, fold).map((v) => asType(v, x.type)))];
  };
}

function reduced(x: Known, axes: ReadonlySet<number>, fold: (values: readonly number[]) => number): number[] {
  const kept = x.shape.map((d, axis) => (axes.has(axis) ? 1 : d));
  const groups = Array.from({ length: elementCount(kept) }, (): number[] => []);
  const from = stridesOf(x.shape);
  const to = stridesOf(kept);
  x.values!.forEach((value, k) => {
    let group = 0;
    for (let axis = 0; axis < from.length; axis++) {
      if (!axes.has(axis)) group += (Math.floor(k / from[axis]!) % x.shape[axis]!) * to[axis]!;
    }
    groups[group]!.push(value);
  });
  return groups.map(fold);
}

function extremePlace(n: NodeContext): readonly Known[] {
  const { shape } = n.input(0);
  const axis = n.axis(n.int('axis', 0), shape.length);
  const keep = n.int('keepdims', 1) !== 0;
  return [{ type: 'int64', shape: shape.flatMap((d, a) => (a === axis ? (keep ? [1] : []) : [d])) }];
}

/** k is an attribute up to opset 9, an input after. */
function topK(n: NodeContext): readonly Known[] {
  const { type, shape } = n.input(0);
  const axis = n.axis(n.int('axis', -1), shape.length);
  const k = n.has(1) ? n.values(1, 'k')[0]! : n.requiredInt('k');
  if (k < 0 || k > shape[axis]!) n.wrong(`the top ${k} of ${shape[axis]}`);
  const out = shape.with(axis, k);
  return [
    { type, shape: out },
    { type: 'int64', shape: out },
  ];
}

const sum = (values: readonly number[]) => values.reduce((a, b) => a + b, 0);

export const reductionRules: Readonly<Record<string, Rule>> = {
  ReduceL1: reduce(),
  ReduceL2: reduce(),
  ReduceLogSum: reduce(),
  ReduceLogSumExp: reduce(),
  ReduceSumSquare: reduce(),
  ReduceMean: reduce(),
  ReduceSum: reduce(sum),
  ReduceProd: reduce((values) => values.reduce((a, b) => a * b, 1)),
  ReduceMax: reduce((values) => Math.max(...values)),
  ReduceMin: reduce((values) => Math.min(...values)),
  ArgMax: extremePlace,
  ArgMin: extremePlace,
  TopK: topK,
  CumSum: (n) => [
    n.known(n.type(0), n.shape(0), () => {
      const x = n.input(0);
      const plain = n.int('exclusive', 0) === 0 && n.int('reverse', 0) === 0;
      if (x.values === undefined || x.shape.length !== 1 || !plain) return undefined;
      let total = 0;
      return x.values.map((v) => (total += v));
    }),
  ],
  CumProd: (n) => [{ type: n.type(0), shape: n.shape(0) }],
};
