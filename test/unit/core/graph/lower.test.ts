import { describe, expect, it } from 'vitest';
import type { KernelCount } from '#core/graph/kernel.ts';
import { lower } from '#core/graph/lower.ts';
import { type LoweringId, lowerings } from '#core/graph/lowerings.ts';
import type { OperatorGraph, OperatorNode, Tensor } from '#core/graph/operator-graph.ts';
import { zooGraphs } from '../../../fixtures/zoo.ts';

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

  it.each<[LoweringId, string, string, string[]]>([
    ['pruned', 'a sum of zeros is made beforehand, and a convolution of it is run', 'z', ['Conv', 'Conv', 'Add']],
    ['pruned', 'a product with zero is seen through', 'a', ['Conv']],
    ['pruned', 'a sum of zeros is not added', 'none', ['Conv']],
    ['folded-zeros', 'a convolution of a product with zero is run', 'a', ['Conv', 'Conv', 'Add']],
    ['folded-zeros', 'a sum of zeros is not added', 'none', ['Conv']],
  ])('%s: %s', (lowering, _, second, expected) => {
    const graph = graphOf(
      { x: map, a: map, b: map, n: map, z: map, c1: map, c2: map, y: map },
      { w1: [8, 8, 3, 3], w2: [8, 8, 1, 1], zero: { value: 0 } },
      [
        ['Mul', ['x', 'zero'], 'a'],
        ['Mul', ['x', 'zero'], 'b'],
        ['Add', ['a', 'b'], 'z'],
        ['Conv', ['x', 'w1'], 'c1', { pads: [1, 1, 1, 1] }],
        second === 'none' ? ['Identity', ['z'], 'c2'] : ['Conv', [second, 'w2'], 'c2'],
        ['Add', ['c1', 'c2'], 'n'],
        ['Identity', ['n'], 'y'],
      ],
      ['y'],
    );
    expect(names(lower(graph, lowering))).toEqual(expected);
  });

  it('pruned: a pool of zeros stays where the places of its maxima are read', () => {
    const graph = graphOf(
      { x: map, a: map, p: map, places: map, y: map },
      { zero: { value: 0 } },
      [
        ['Mul', ['x', 'zero'], 'a'],
        ['MaxPool', ['a'], 'p', { kernel_shape: [3, 3], pads: [1, 1, 1, 1] }],
        ['Relu', ['places'], 'y'],
      ],
      ['y'],
    );
    const [mul, pool, relu] = graph.nodes;
    const nodes = [mul!, { ...pool!, outputs: ['p', 'places'] }, relu!];
    expect(
      names(
        lower(
          {
            ...graph,
            nodes,
            inputs: graph.inputs.filter(({ name }) => name === 'x'),
            tensors: [...graph.tensors, { name: 'places', type: 'float32', shape: map }],
          },
          'pruned',
        ),
      ),
    ).toContain('MaxPool');
  });

  it('compiled: a long chain of sums with one tensor is loops of at most 64 inputs, and is lowered in no time', () => {
    const steps = 300;
    const shapes = Object.fromEntries(
      ['x', 'o', ...Array.from({ length: steps }, (_, i) => `s${i}`)].map((n) => [n, map]),
    );
    const sums = Array.from({ length: steps }, (_, i) => ['Add', [i === 0 ? 'x' : `s${i - 1}`, 'o'], `s${i}`] as const);
    const loops = lower(graphOf(shapes, {}, [['Relu', ['x'], 'o'], ...sums], [`s${steps - 1}`]), 'compiled');
    // 63 sums a loop, which reads 64 tensors.
    expect(loops.reduce((sum, { count }) => sum + count, 0)).toBe(1 + Math.ceil(steps / 63));
  });

  it('folded-zeros: a product that adds an axis is none of a convolution', () => {
    const deeper = [1, 1, 8, 4, 4];
    const graph = graphOf(
      { x: map, c: map, z: deeper, y: deeper },
      { w: [8, 8, 1, 1], zero: [1, 1, 1, 1, 1] },
      [
        ['Conv', ['x', 'w'], 'c'],
        ['Mul', ['c', 'zero'], 'z'],
        ['Relu', ['z'], 'y'],
      ],
      ['y'],
    );
    const constants = graph.constants.map((each) => (each.name === 'zero' ? { ...each, values: [0] } : each));
    const [conv] = lower({ ...graph, constants }, 'folded-zeros');
    expect(conv?.kernel).not.toMatchObject({ operator: 'Conv', activation: 'Relu' });
  });

  it.each<[string, readonly [string, readonly string[], string][], string[]]>([
    ['folds into the convolution that it alone reads', [], ['Conv', 'Conv', 'Add']],
    ['is made beforehand where others read the convolution too', [['Relu', ['c2'], 'other']], ['Conv', 'Conv+Relu']],
  ])('folded-zeros: a product with zero %s', (_, others, expected) => {
    const graph = graphOf(
      { x: map, c1: map, c2: map, z: map, n: map, y: map, ...(others.length > 0 && { other: map }) },
      { w1: [8, 8, 3, 3], w2: [8, 8, 1, 1], zero: { value: 0 } },
      [
        ['Conv', ['x', 'w1'], 'c1', { pads: [1, 1, 1, 1] }],
        ['Conv', ['x', 'w2'], 'c2'],
        ...others,
        ['Mul', ['c2', 'zero'], 'z'],
        ['Add', ['c1', 'z'], 'n'],
        ['Identity', ['n'], 'y'],
      ],
      ['y', ...others.map(([, , output]) => output)],
    );
    expect(names(lower(graph, 'folded-zeros'))).toEqual(expected);
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

  it('blocks convolutions, keeps a sum and an activation inside them, and reorders where a plain node reads', () => {
    const small = [1, 3, 8, 8] as const;
    const wide = [1, 16, 8, 8] as const;
    const graph = graphOf(
      { x: small, a: wide, r: wide, b: wide, s: wide, y: wide, z: wide },
      { w1: [16, 3, 3, 3], w2: [16, 16, 3, 3], half: { value: 0.5 } },
      [
        ['Conv', ['x', 'w1'], 'a', { pads: [1, 1, 1, 1] }],
        ['Relu', ['a'], 'r'],
        ['Conv', ['r', 'w2'], 'b', { pads: [1, 1, 1, 1] }],
        ['Add', ['b', 'a'], 's'],
        ['Relu', ['s'], 'y'],
        ['Mul', ['y', 'half'], 'z'],
      ],
      ['z'],
    );
    // Three input channels fill no block: the first convolution reads them plain. Its result has two readers, so that
    // its activation stands alone; the product with a number has no blocked form.
    const blocked = ['Conv', 'Relu', 'Conv+Relu+sum', 'ReorderOutput'];
    expect(names(lower(graph, 'onnxruntime-all'))).toEqual([...blocked, 'Mul']);
    const counts = lower(graph, 'onnxruntime-all');
    expect(counts.filter(({ kernel }) => kernel.blocked).map(({ kernel }) => kernel.operator)).toEqual(
      blocked.map((name) => name.split('+')[0]),
    );
    expect(names(lower(graph, 'onnxruntime-all-plain'))).toEqual(['Conv', 'Relu', 'Conv+Relu+sum', 'Mul']);
    expect(names(lower(graph, 'onnxruntime-extended'))).toEqual(['Conv', 'Relu ×2', 'Conv', 'Add', 'Mul']);
  });

  it('reorders what comes plain into a blocked convolution, in blocks of 8 or 16', () => {
    const graph = graphOf(
      { x: [1, 24, 4, 4], y: [1, 24, 4, 4] },
      { w: [24, 24, 1, 1] },
      [['Conv', ['x', 'w'], 'y']],
      ['y'],
    );
    const expected = ['ReorderInput', 'Conv', 'ReorderOutput'];
    expect(names(lower(graph, 'onnxruntime-all'))).toEqual(expected);
    expect(names(lower(graph, 'onnxruntime-all-avx2'))).toEqual(expected);
    // Thirteen channels can be reordered in neither.
    const odd = graphOf(
      { x: [1, 26, 4, 4], y: [1, 24, 4, 4] },
      { w: [24, 26, 1, 1] },
      [['Conv', ['x', 'w'], 'y']],
      ['y'],
    );
    expect(names(lower(odd, 'onnxruntime-all'))).toEqual(['Conv']);
  });

  const [batch, heads, tokens, width] = [1, 2, 6, 4];
  const attention = graphOf(
    {
      q: [batch, heads, tokens, width],
      k: [batch, heads, tokens, width],
      v: [batch, heads, tokens, width],
      t: [batch, heads, width, tokens],
      a: [batch, heads, tokens, tokens],
      b: [batch, heads, tokens, tokens],
      c: [batch, heads, tokens, tokens],
      y: [batch, heads, tokens, width],
    },
    { scale: { value: 0.5 } },
    [
      ['Transpose', ['k'], 't', { perm: [0, 1, 3, 2] }],
      ['MatMul', ['q', 't'], 'a'],
      ['Mul', ['a', 'scale'], 'b'],
      ['Softmax', ['b'], 'c', { axis: -1 }],
      ['MatMul', ['c', 'v'], 'y'],
    ],
    ['y'],
  );

  it('makes one kernel of attention where the runtime has one, with the arithmetic of both products', () => {
    const [only, ...others] = lower(attention, 'compiled');
    expect(others).toEqual([]);
    expect(only?.nodes).toEqual([0, 1, 2, 3, 4]);
    expect(only?.kernel).toMatchObject({
      kind: 'attention',
      groups: heads,
      macs: 2 * heads * tokens * tokens * width,
      inputBytes: 3 * 4 * heads * tokens * width,
    });
  });

  it('takes a transpose and a factor into the product that reads them, as ONNX Runtime does', () => {
    expect(names(lower(attention, 'onnxruntime-basic'))).toEqual(['Transpose', 'MatMul', 'Mul', 'Softmax', 'MatMul']);
    const [scores, softmax, values] = lower(attention, 'onnxruntime-extended');
    expect([scores, softmax, values].map((count) => count?.kernel.operator)).toEqual([
      'FusedMatMul',
      'Softmax',
      'MatMul',
    ]);
    expect(scores?.kernel).toMatchObject({ inputChannels: width, macs: heads * tokens * tokens * width });
  });

  it('computes in integers between dequantising and quantising nodes', () => {
    const plain = graphOf(
      { x: [1, 8, 4, 4], f: [1, 8, 4, 4], g: [4, 8, 1, 1], c: [1, 4, 4, 4], y: [1, 4, 4, 4] },
      { w: [4, 8, 1, 1], s: { value: 0.1 } },
      [
        ['DequantizeLinear', ['x', 's'], 'f'],
        ['DequantizeLinear', ['w', 's'], 'g'],
        ['Conv', ['f', 'g'], 'c'],
        ['QuantizeLinear', ['c', 's'], 'y'],
      ],
      ['y'],
    );
    const int8 = <T extends Tensor>(t: T): T => (['x', 'y', 'w'].includes(t.name) ? { ...t, type: 'int8' } : t);
    const graph: OperatorGraph = {
      ...plain,
      inputs: plain.inputs.map(int8),
      constants: plain.constants.map(int8),
      tensors: plain.tensors.map(int8),
    };
    const [only, ...others] = lower(graph, 'fused');
    expect(others).toEqual([]);
    expect(only?.kernel).toMatchObject({
      kind: 'convolution',
      type: 'int8',
      weightBytes: 32,
      inputBytes: 128,
      outputBytes: 64,
    });
    expect(names(lower(graph, 'eager'))).toEqual(['DequantizeLinear', 'DequantizeLinear', 'Conv', 'QuantizeLinear']);
  });

  it('pushes a transpose behind what lies between it and the one that cancels it', () => {
    const [nchw, nhwc] = [
      [1, 8, 3, 5],
      [1, 3, 5, 8],
    ] as const;
    const graph = graphOf(
      { x: nchw, a: nhwc, b: nhwc, c: nhwc, y: nchw },
      { bias: [8] },
      [
        ['Transpose', ['x'], 'a', { perm: [0, 2, 3, 1] }],
        ['Add', ['a', 'bias'], 'b'],
        ['Sigmoid', ['b'], 'c'],
        ['Transpose', ['c'], 'y', { perm: [0, 3, 1, 2] }],
      ],
      ['y'],
    );
    const counts = lower(graph, 'onnxruntime-basic');
    expect(names(counts)).toEqual(['Add', 'Sigmoid']);
    expect(counts[0]?.kernel).toMatchObject({ outputChannels: 8, outputPositions: 15 });
  });

  it('moves a transpose along two ways that meet, and each kernel stands for its own nodes once', () => {
    const shape = [1, 8, 4, 6];
    const moved = [1, 4, 6, 8];
    const graph = graphOf(
      { x: shape, t: moved, a: moved, b: moved, sum: moved, y: shape },
      {},
      [
        ['Transpose', ['x'], 't', { perm: [0, 2, 3, 1] }],
        ['Relu', ['t'], 'a'],
        ['Sigmoid', ['t'], 'b'],
        ['Add', ['a', 'b'], 'sum'],
        ['Transpose', ['sum'], 'y', { perm: [0, 3, 1, 2] }],
      ],
      ['y'],
    );
    const kernels = lower(graph, 'onnxruntime-basic');
    expect(kernels.map(({ kernel, nodes }) => [kernel.operator, nodes])).toEqual([
      ['Relu', [1]],
      ['Sigmoid', [2]],
      ['Add', [3]],
    ]);
  });
});

describe('every lowering', () => {
  const some = zooGraphs().filter((_, i) => i % 20 === 0);

  it.each(lowerings.map(({ id }) => id))('%s: kernels of real models are finite and name their nodes', (id) => {
    for (const graph of some) {
      for (const { kernel, count, nodes } of lower(graph, id)) {
        const numbers = Object.values(kernel).filter((value) => typeof value === 'number');
        expect(numbers.every((value) => Number.isFinite(value) && value >= 0)).toBe(true);
        expect(count).toBeGreaterThan(0);
        expect(nodes.length).toBeGreaterThan(0);
        expect(nodes.every((index) => graph.nodes[index] !== undefined)).toBe(true);
      }
    }
  });

  it('leaves the multiply-accumulates of convolutions as they are', () => {
    for (const graph of some) {
      const macs = (id: LoweringId): number =>
        lower(graph, id)
          .filter(({ kernel }) => kernel.kind.endsWith('convolution') && kernel.kind !== 'depthwise-convolution')
          .reduce((sum, { kernel, count }) => sum + kernel.macs * count, 0);
      const expected = macs('onnxruntime-disabled');
      for (const { id } of lowerings) expect(macs(id)).toBe(expected);
    }
  });
});
