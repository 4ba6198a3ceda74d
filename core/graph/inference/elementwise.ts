// Operators that work element by element: one input kept as it is, or several broadcast together. Values are followed
// through what exporters compute shapes with.
import { elementTypeOfNumber, isFloat } from '../element-type-number.ts';
import type { ElementType } from '../operator-graph.ts';
import { broadcastShape, broadcastValues } from './broadcast.ts';
import type { Known } from './known.ts';
import type { NodeContext, Rule } from './node-context.ts';

/** A result as its type would hold it. */
export function asType(value: number, type: ElementType): number {
  if (type === 'bool') return value === 0 ? 0 : 1;
  if (isFloat(type)) return type === 'float64' ? value : Math.fround(value);
  const whole = Math.trunc(value);
  return Math.max(-(2 ** 53), Math.min(2 ** 53, Number.isNaN(whole) ? 0 : whole)) + 0;
}

function unary(compute?: (x: number) => number): Rule {
  return (n) => {
    const x = n.input(0);
    if (compute === undefined) return [{ type: x.type, shape: x.shape }];
    return [n.known(x.type, x.shape, () => x.values?.map((v) => asType(compute(v), x.type)))];
  };
}

/** Several inputs broadcast together; the type is that of input `typeOf`, or bool. */
function broadcast(typeOf: number | 'bool', compute?: (values: readonly number[], type: ElementType) => number): Rule {
  return (n) => {
    const inputs = n.inputs();
    if (inputs.length === 0) n.wrong('it has no inputs');
    const shape = broadcastShape(
      n,
      inputs.map((i) => i.shape),
    );
    const type = typeOf === 'bool' ? 'bool' : n.type(typeOf);
    if (compute === undefined || inputs.some(({ values }) => values === undefined)) return [{ type, shape }];
    const values = (): readonly number[] => {
      const columns = inputs.map((i) => broadcastValues(i, shape)!);
      const row = (k: number): number[] => columns.map((column) => column[k]!);
      return columns[0]!.map((_, k) => asType(compute(row(k), inputs[0]!.type), type));
    };
    return [n.known(type, shape, values, inputs.length)];
  };
}

const two = (compute: (a: number, b: number, type: ElementType) => number) =>
  broadcast(0, (v, type) => compute(v[0]!, v[1]!, type));
const compare = (compute: (a: number, b: number) => boolean) =>
  broadcast('bool', (v) => (compute(v[0]!, v[1]!) ? 1 : 0));

function cast(n: NodeContext): readonly Known[] {
  const x = n.input(0);
  const number = n.requiredInt('to');
  const type = elementTypeOfNumber(number) ?? n.refuse(`casts to the element type ${number}, which is not known here`);
  return [n.known(type, x.shape, () => (type === 'string' ? undefined : x.values?.map((v) => asType(v, type))))];
}

/** Bounds are attributes up to opset 10, inputs after. */
function clip(n: NodeContext): readonly Known[] {
  const x = n.input(0);
  const bound = (index: number, name: string, fallback: number) =>
    n.has(index) ? n.input(index).values?.[0] : n.float(name, fallback);
  const low = bound(1, 'min', Number.NEGATIVE_INFINITY);
  const high = bound(2, 'max', Number.POSITIVE_INFINITY);
  return [
    n.known(x.type, x.shape, () =>
      low === undefined || high === undefined ? undefined : x.values?.map((v) => Math.min(high, Math.max(low, v))),
    ),
  ];
}

/** Opset 12 and later may write a mask too; both it and earlier ones' share the input's shape. */
function dropout(n: NodeContext): readonly Known[] {
  const x = n.input(0);
  return [
    { type: x.type, shape: x.shape },
    { type: n.opset >= 10 ? 'bool' : x.type, shape: x.shape },
  ];
}

function roundHalfToEven(x: number): number {
  const down = Math.floor(x);
  if (x - down !== 0.5) return Math.round(x);
  return down % 2 === 0 ? down : down + 1;
}

const sameShape = [
  'Acos',
  'Acosh',
  'Asin',
  'Asinh',
  'Atan',
  'Atanh',
  'Celu',
  'Cos',
  'Cosh',
  'Elu',
  'Erf',
  'Exp',
  'Gelu',
  'HardSigmoid',
  'HardSwish',
  'Hardmax',
  'LeakyRelu',
  'Log',
  'LogSoftmax',
  'LRN',
  'LpNormalization',
  'MeanVarianceNormalization',
  'Mish',
  'PRelu',
  'Relu',
  'Selu',
  'Shrink',
  'Sigmoid',
  'Sin',
  'Sinh',
  'Softmax',
  'Softplus',
  'Softsign',
  'Swish',
  'Tan',
  'Tanh',
  'ThresholdedRelu',
  'BitwiseNot',
] as const;

export const elementwiseRules: Readonly<Record<string, Rule>> = {
  ...Object.fromEntries(sameShape.map((operator) => [operator, unary()])),
  Abs: unary(Math.abs),
  Neg: unary((x) => -x),
  Floor: unary(Math.floor),
  Ceil: unary(Math.ceil),
  Round: unary(roundHalfToEven),
  Sqrt: unary(Math.sqrt),
  Reciprocal: unary((x) => 1 / x),
  Sign: unary(Math.sign),
  Not: unary((x) => (x === 0 ? 1 : 0)),
  Identity: unary((x) => x),
  IsNaN: (n) => [{ type: 'bool', shape: n.shape(0) }],
  IsInf: (n) => [{ type: 'bool', shape: n.shape(0) }],
  Cast: cast,
  CastLike: (n) => [{ type: n.type(1), shape: n.shape(0) }],
  Clip: clip,
  Dropout: dropout,
  Add: two((a, b) => a + b),
  Sub: two((a, b) => a - b),
  Mul: two((a, b) => a * b),
  Div: two((a, b) => a / b),
  // The sign of the divisor, as Python's %; of the dividend with `fmod`, as C's.
  Mod: (n) => two((a, b) => (n.int('fmod', 0) === 1 || a % b === 0 || a % b < 0 === b < 0 ? a % b : (a % b) + b))(n),
  Pow: two((a, b) => a ** b),
  Max: broadcast(0, (v) => Math.max(...v)),
  Min: broadcast(0, (v) => Math.min(...v)),
  Sum: broadcast(0, (v) => v.reduce((a, b) => a + b, 0)),
  Mean: broadcast(0),
  Equal: compare((a, b) => a === b),
  Less: compare((a, b) => a < b),
  LessOrEqual: compare((a, b) => a <= b),
  Greater: compare((a, b) => a > b),
  GreaterOrEqual: compare((a, b) => a >= b),
  And: compare((a, b) => a !== 0 && b !== 0),
  Or: compare((a, b) => a !== 0 || b !== 0),
  Xor: compare((a, b) => (a !== 0) !== (b !== 0)),
  BitShift: broadcast(0),
  BitwiseAnd: broadcast(0),
  BitwiseOr: broadcast(0),
  BitwiseXor: broadcast(0),
  Where: broadcast(1, (v) => (v[0] !== 0 ? v[1]! : v[2]!)),
};
