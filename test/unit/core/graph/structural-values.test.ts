// Which values of constants stay in a graph: what shapes it, never what was learned.
import { expect, it } from 'vitest';
import type { ConstantTensor, ElementType } from '#core/graph/operator-graph.ts';
import { withStructuralValues } from '#core/graph/structural-values.ts';

const constant = (type: ElementType, shape: number[], values: number[]): ConstantTensor => ({
  name: 'c',
  type,
  shape,
  values,
});
/** Whether the constant's values stay where it is the input of an operator at a place. */
const kept = (tensor: ConstantTensor, ...uses: readonly (readonly [operator: string, place: number])[]) => {
  const nodes = uses.map(([operator, place], i) => ({
    operator,
    inputs: Array.from({ length: place + 1 }, (_, k) => (k === place ? 'c' : `x${k}`)),
    outputs: [`y${i}`],
    attributes: {},
  }));
  return withStructuralValues([tensor], nodes)[0]!.values;
};

const scalar = constant('float32', [], [0.5]);
const axes = constant('int64', [2], [1, 2]);

it.each([
  ['a scalar that is added', scalar, ['Add', 1], [0.5]],
  ['a bound of Clip', scalar, ['Clip', 2], [0.5]],
  ['axes', axes, ['ReduceMean', 1], [1, 2]],
  ['scales of Resize', constant('float32', [4], [1, 1, 2, 2]), ['Resize', 2], [1, 1, 2, 2]],
  ['a mask of few elements', constant('bool', [2], [0, 1]), ['Where', 0], [0, 1]],
] as const)('%s stays', (_, tensor, use, values) => {
  expect(kept(tensor, use)).toEqual(values);
});

it.each([
  ['a bias of one channel', constant('float32', [1], [0.5]), ['Conv', 2]],
  ['a weight of one element', constant('float32', [1, 1, 1, 1], [0.5]), ['Conv', 1]],
  ['the variance of one channel', constant('float32', [1], [0.5]), ['BatchNormalization', 4]],
  ['a calibrated scale', scalar, ['QuantizeLinear', 1]],
  ['a vector that is added', constant('float32', [2], [0.5, 1]), ['Add', 1]],
  ['quantised weights', constant('int8', [2], [1, 2]), ['Add', 1]],
  ['65 integers', constant('int64', [65], new Array(65).fill(1)), ['Gather', 1]],
  ['what nothing uses', axes, ['Identity', 0, 'elsewhere']],
] as const)('%s does not', (_, tensor, [operator, place, other]) => {
  expect(kept(other ? { ...tensor, name: other } : tensor, [operator, place])).toBeUndefined();
});

it('what is both learned and structural stays', () => {
  expect(kept(scalar, ['Conv', 2], ['Add', 1])).toEqual([0.5]);
});

it('infinities and no number become finite, as JSON wants them', () => {
  expect(kept(constant('float32', [1], [Number.NEGATIVE_INFINITY]), ['Add', 0])).toEqual([-3.4028234663852886e38]);
  expect(kept(constant('float32', [1], [Number.NaN]), ['Add', 0])).toEqual([0]);
});
