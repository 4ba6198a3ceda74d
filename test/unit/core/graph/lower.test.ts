import { describe, expect, it } from 'vitest';
import type { KernelCount } from '#core/graph/kernel.ts';
import { lower } from '#core/graph/lower.ts';
import type { LoweringId } from '#core/graph/lowerings.ts';
import type { OperatorGraph, OperatorNode, Tensor } from '#core/graph/operator-graph.ts';

/** Tensors of a small graph: `name: shape`; constants carry a `!`, and their value where there is one. */
function graphOf(
  shapes: Readonly<Record<string, readonly number[]>>,
  constants: Readonly<Record<string, readonly number[] | { value: number }>>,
  nodes: readonly (readonly [string, readonly string[], string, OperatorNode['attributes']?])[],
  outputs: readonly string[],
): OperatorGraph {
  const tensor = ([name, shape]: readonly [string, readonly number[]]): Tensor => ({ name, type: 'float32', shape });
  const made = new Set(nodes.map(([, , output]) => output));
  return {
    name: 'small',
    opset: 17,
    inputs: Object.entries(shapes)
      .filter(([name]) => !made.has(name))
      .map(tensor),
    outputs,
    constants: Object.entries(constants).map(([name, given]) =>
      'value' in given
        ? { name, type: 'float32', shape: [], values: [given.value] }
        : { name, type: 'float32', shape: given },
    ),
    nodes: nodes.map(([operator, inputs, output, attributes]) => ({
      operator,
      inputs,
      outputs: [output],
      attributes: attributes ?? {},
    })),
    tensors: Object.entries(shapes)
      .filter(([name]) => made.has(name))
      .map(tensor),
  };
}

/** `Conv+Relu+sum ×2` */
const names = (counts: readonly KernelCount[]): string[] =>
  counts.map(
    ({ kernel: k, count }) =>
      `${k.operator}${k.activation ? `+${k.activation}` : ''}${'+sum'.repeat(k.addends)}${count > 1 ? ` ×${count}` : ''}`,
  );

const map = [1, 8, 4, 4] as const;
const vector = { scale: [8], shift: [8], mean: [8], variance: [8] };
const normalization = ['scale', 'shift', 'mean', 'variance'];

describe('lower', () => {
  it('counts the arithmetic and traffic of a convolution by hand', () => {
    const graph = graphOf(
      { x: [2, 6, 9, 9], y: [2, 4, 5, 5] },
      { w: [4, 3, 3, 3], b: [4] },
      [['Conv', ['x', 'w', 'b'], 'y', { group: 2, strides: [2, 2], pads: [1, 1, 1, 1] }]],
      ['y'],
    );
    expect(lower(graph, 'fused')).toEqual([
      {
        kernel: {
          kind: 'grouped-convolution',
          operator: 'Conv',
          type: 'float32',
          batch: 2,
          inputChannels: 6,
          outputChannels: 4,
          inputPositions: 81,
          outputPositions: 25,
          window: [3, 3],
          stride: 2,
          dilation: 1,
          groups: 2,
          macs: 2 * 4 * 25 * 3 * 9,
          weightBytes: 4 * (4 * 3 * 9 + 4),
          inputBytes: 4 * 2 * 6 * 81,
          outputBytes: 4 * 2 * 4 * 25,
          activation: undefined,
          addends: 0,
          blocked: false,
        },
        count: 1,
        nodes: [0],
      },
    ]);
  });

  // A residual block with a doubled activation, a dead branch and a branch of zeros.
  const block = graphOf(
    { x: map, r1: map, c1: map, n1: map, r2: map, c2: map, n2: map, z: map, s1: map, s2: map, y: map, dead: map },
    { w1: [8, 8, 3, 3], w2: [8, 8, 1, 1], ...vector, zero: { value: 0 } },
    [
      ['Relu', ['x'], 'r1'],
      ['Conv', ['r1', 'w1'], 'c1', { pads: [1, 1, 1, 1] }],
      ['BatchNormalization', ['c1', ...normalization], 'n1'],
      ['Relu', ['x'], 'r2'],
      ['Conv', ['r2', 'w2'], 'c2'],
      ['BatchNormalization', ['c2', ...normalization], 'n2'],
      ['Mul', ['x', 'zero'], 'z'],
      ['Add', ['n1', 'n2'], 's1'],
      ['Add', ['s1', 'z'], 's2'],
      ['AveragePool', ['x'], 'dead', { kernel_shape: [3, 3], pads: [1, 1, 1, 1] }],
      ['Relu', ['s2'], 'y'],
    ],
    ['y'],
  );

  it.each<[LoweringId, string[]]>([
    ['eager', ['Relu ×3', 'Conv', 'BatchNormalization ×2', 'Conv', 'Mul', 'Add ×2', 'AveragePool']],
    ['fused', ['Relu', 'Conv', 'Conv', 'Mul', 'Add', 'Add+Relu']],
    ['pruned', ['Relu', 'Conv', 'Conv', 'Add+Relu']],
    ['pruned-sums', ['Relu', 'Conv', 'Conv+Relu+sum']],
  ])('%s: a block with equal, dead and zero nodes', (lowering, expected) => {
    expect(names(lower(block, lowering))).toEqual(expected);
  });

  it('says which nodes a kernel stands for', () => {
    const [relu, first, second] = lower(block, 'pruned-sums');
    expect(relu?.nodes.toSorted()).toEqual([0, 3]);
    // The first convolution adds what the second one makes, and so runs after it.
    expect(first?.nodes).toEqual([4, 5]);
    expect(second?.nodes).toEqual([1, 2, 7, 10]);
  });

  it('gives what it does not know the kind `other`, with its bytes', () => {
    const graph = graphOf({ x: [1, 5], y: [1, 7] }, {}, [['Mystery', ['x'], 'y']], ['y']);
    const [only] = lower(graph, 'fused');
    expect(only?.kernel).toMatchObject({ kind: 'other', operator: 'Mystery', inputBytes: 20, outputBytes: 28 });
  });

  it('makes one node of a GELU and of a SiLU that were written out', () => {
    const s = [1, 16] as const;
    const graph = graphOf(
      { x: s, a: s, b: s, c: s, d: s, e: s, f: s, y: s },
      { root2: { value: Math.SQRT2 }, one: { value: 1 }, half: { value: 0.5 } },
      [
        ['Div', ['x', 'root2'], 'a'],
        ['Erf', ['a'], 'b'],
        ['Add', ['b', 'one'], 'c'],
        ['Mul', ['x', 'c'], 'd'],
        ['Mul', ['d', 'half'], 'e'],
        ['Sigmoid', ['e'], 'f'],
        ['Mul', ['e', 'f'], 'y'],
      ],
      ['y'],
    );
    expect(names(lower(graph, 'fused'))).toEqual(['Gelu', 'Silu']);
    expect(names(lower(graph, 'eager'))).toEqual(['Gelu', 'Silu']);
  });
});
