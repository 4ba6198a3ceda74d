// Hand-made lines of nn-Meter's and ncnn's lists as operator graphs: wiring, channel order, weights, families.
import { describe, expect, test } from 'vitest';
import { lower } from '#core/graph/lower.ts';
import { type ListGraph, listGraphSchema, paddingOf } from '#scripts/convert-graphs/list-graph.ts';
import { fromNcnn } from '#scripts/convert-graphs/ncnn.ts';
import { fromNnMeter } from '#scripts/convert-graphs/nnmeter.ts';

const list = (name: string, nodes: unknown[]): ListGraph => listGraphSchema.parse({ name, nodes });
const operators = (converted: ReturnType<typeof fromNnMeter>) => converted.graph.nodes.map((n) => n.operator);

describe('nn-Meter', () => {
  const classifier = list('resnet18_7', [
    ['Input', [], [1, 8, 8, 3], {}],
    ['Conv', [0], [1, 4, 4, 16], { k: 3, s: 2, w: 432 }],
    ['BatchNorm', [1], [1, 4, 4, 16], {}],
    ['Relu', [2], [1, 4, 4, 16], {}],
    ['DwConv', [3], [1, 4, 4, 16], { k: 5, s: 1, w: 400 }],
    ['Add', [4, 3], [1, 4, 4, 16], {}],
    ['GlobalAvgPool', [5], [1, 1, 1, 16], { k: 4, s: 1 }],
    ['Reshape', [6], [1, 16], {}],
    ['Gemm', [7], [1, 10], { w: 160 }],
  ]);

  test('a classifier, channels second, its family without the number', () => {
    const converted = fromNnMeter(classifier);
    const { graph } = converted;
    expect(converted.family).toBe('resnet');
    expect(operators(converted)).toEqual([
      'Conv',
      'BatchNormalization',
      'Relu',
      'Conv',
      'Add',
      'GlobalAveragePool',
      'Reshape',
      'Gemm',
    ]);
    expect(graph.inputs[0]!.shape).toEqual([1, 3, 8, 8]);
    expect(graph.tensors.map((t) => t.shape)[0]).toEqual([1, 16, 4, 4]);
    expect(graph.nodes[3]!.attributes).toMatchObject({ group: 16, kernel_shape: [5, 5], pads: [2, 2, 2, 2] });
    expect(graph.outputs).toEqual([graph.nodes.at(-1)!.outputs[0]]);
    // 432 + 400 + 160 weights as the list says them, four bytes each.
    const weights = lower(graph, 'fused').reduce((sum, { kernel, count }) => sum + count * kernel.weightBytes, 0);
    expect(weights / 4).toBeGreaterThanOrEqual(432 + 400 + 160);
    expect(weights / 4).toBeLessThan(432 + 400 + 160 + 4 * 16 + 10);
  });

  test('hard swish and hard sigmoid become ONNX’s own', () => {
    const shape = [1, 4, 4, 8];
    const converted = fromNnMeter(
      list('mobilenetv3_1', [
        ['Input', [], shape, {}],
        ['Add', [0], shape, {}],
        ['Relu', [1], shape, {}],
        ['Mul', [0, 2], shape, {}],
        ['Mul', [3], shape, {}],
        ['Add', [4], shape, {}],
        ['Relu', [5], shape, {}],
        ['Mul', [6], shape, {}],
        ['Mul', [7, 4], shape, {}],
      ]),
    );
    expect(operators(converted)).toEqual(['HardSwish', 'HardSigmoid', 'Mul']);
    expect(converted.graph.nodes[2]!.inputs).toEqual([
      converted.graph.nodes[1]!.outputs[0],
      converted.graph.nodes[0]!.outputs[0],
    ]);
  });

  test('the parts of a split and a channel shuffle', () => {
    const converted = fromNnMeter(
      list('shufflenetv2_3', [
        ['Input', [], [1, 4, 4, 6], {}],
        ['Reshape', [0], [1, 4, 4, 2, 3], {}],
        ['Transpose', [1], [1, 4, 4, 3, 2], {}],
        ['Reshape', [2], [1, 4, 4, 6], {}],
        ['Split', [3], [1, 4, 4, 3], {}],
        ['Split', [3], [1, 4, 4, 3], {}],
        ['Concat', [5, 4], [1, 4, 4, 6], {}],
      ]),
    );
    expect(operators(converted)).toEqual(['Reshape', 'Transpose', 'Reshape', 'Split', 'Concat']);
    const [, , , split, concat] = converted.graph.nodes;
    expect(concat!.inputs).toEqual(split!.outputs.toReversed());
    expect(converted.graph.tensors[1]!.shape).toEqual([1, 3, 2, 4, 4]);
    expect(converted.graph.nodes[1]!.attributes).toEqual({ perm: [0, 2, 1, 3, 4] });
  });

  test('an operator that the lists do not have is refused', () => {
    const strange = list('x_1', [
      ['Input', [], [1, 4], {}],
      ['Einsum', [0], [1, 4], {}],
    ]);
    expect(() => fromNnMeter(strange)).toThrow(/x_1: operator 'Einsum'/);
  });
});

describe('ncnn', () => {
  test('fused activations stand alone, copies vanish, parts are outputs of one node', () => {
    const converted = fromNcnn(
      list('tiny_int8', [
        ['Input', [], [1, 8, 8, 4], {}],
        ['Convolution', [0], [1, 8, 8, 8], { k: 3, kh: 1, s: 1, d: 1, g: 1, w: 96, act: 2 }],
        ['Split', [1], [1, 8, 8, 8], {}],
        ['Split', [1], [1, 8, 8, 8], { of: 1 }],
        ['Slice', [2], [1, 8, 8, 4], {}],
        ['Slice', [2], [1, 8, 8, 4], { of: 1 }],
        ['BinaryOp', [4, 5], [1, 8, 8, 4], { kind: 'mul' }],
        ['Pooling', [3], [1, 1, 1, 8], { k: 0, s: 1, global: 1, kind: 'avg' }],
      ]),
    );
    expect(converted.family).toBe('tiny');
    expect(operators(converted)).toEqual(['Conv', 'LeakyRelu', 'Split', 'Mul', 'GlobalAveragePool']);
    const { graph } = converted;
    expect(graph.constants[0]!.shape).toEqual([8, 4, 1, 3]);
    expect(graph.tensors.every((t) => t.type === 'int8')).toBe(true);
    expect(graph.outputs).toEqual([graph.nodes[3]!.outputs[0], graph.nodes[4]!.outputs[0]]);
    expect(lower(graph, 'fused').map(({ kernel }) => [kernel.kind, kernel.activation])[0]).toEqual([
      'convolution',
      'LeakyRelu',
    ]);
  });

  test('attention is its projections and products', () => {
    const shape = [1, 16, 5];
    const converted = fromNcnn(
      list('vit', [
        ['Input', [], shape, {}],
        ['MultiHeadAttention', [0, 0, 0], shape, { dim: 16, heads: 4 }],
      ]),
    );
    const macs = lower(converted.graph, 'eager').filter(({ kernel }) => kernel.kind === 'fully-connected');
    // Four projections of 5 tokens, 16 × 16 each.
    expect(macs.reduce((sum, { kernel, count }) => sum + count * kernel.macs, 0)).toBe(4 * 5 * 16 * 16);
  });
});

test('padding gives a window’s output its size, the odd pixel at the end', () => {
  expect(paddingOf([1, 3, 224, 224], [1, 8, 112, 112], [3, 3], 2)).toEqual([0, 0, 1, 1]);
  expect(paddingOf([1, 8, 14, 14], [1, 8, 14, 14], [5, 3], 1)).toEqual([2, 1, 2, 1]);
});
