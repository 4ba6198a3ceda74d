// Graph lists of ncnn's benchmark (Tencent/ncnn, `benchmark/*.param`) → operator graphs. ncnn's operators become
// ONNX's; an activation that ncnn fuses (`act`) becomes a node of its own; what ONNX has no operator for (detection
// heads) keeps its name in the domain `ncnn`. Copies (`Split`) are free and vanish. `…_int8` models compute in eight
// bits.
import { DomainError } from '#core/errors.ts';
import type { OperatorGraph, Tensor } from '#core/graph/operator-graph.ts';
import { channelsSecond, type GraphWriter, graphWriter, type ListGraph, paddingOf, product } from './list-graph.ts';

type Node = ListGraph['nodes'][number];

/** ncnn's `activation_type`. */
const activations: Readonly<Record<number, string>> = {
  1: 'Relu',
  2: 'LeakyRelu',
  3: 'Clip',
  4: 'Sigmoid',
  5: 'Mish',
  6: 'HardSwish',
};

/** Operators that take their inputs and nothing else. */
const plain: Readonly<Record<string, string>> = {
  ReLU: 'Relu',
  Softmax: 'Softmax',
  LRN: 'LRN',
  Sigmoid: 'Sigmoid',
  HardSigmoid: 'HardSigmoid',
  HardSwish: 'HardSwish',
  Swish: 'Silu',
  GELU: 'Gelu',
  Eltwise: 'Add',
};
const ownOperators = new Set(['PriorBox', 'DetectionOutput', 'YoloDetectionOutput', 'Yolov3DetectionOutput']);

/** @throws DomainError `invalid-request` for an operator that the benchmark's models do not have */
export function fromNcnn(list: ListGraph): { graph: OperatorGraph; family: string } {
  const writer = graphWriter(list.name.endsWith('_int8') ? 'int8' : 'float32');
  const made: (Tensor | undefined)[] = [];
  const used = new Set<number>();
  for (const [i, node] of list.nodes.entries()) {
    if (made[i] !== undefined) continue;
    const [operator, inputs] = node;
    const parts = operator === 'Slice' ? partsOf(list.nodes, i) : [i];
    if (operator === 'Noop') continue;
    for (const j of inputs) used.add(j);
    if (operator === 'Split') made[i] = made[inputs[0]!];
    else if (operator === 'Slice') {
      const shapes = parts.map((part) => channelsSecond(list.nodes[part]![2]));
      const lengths = writer.constant(
        [parts.length],
        shapes.map((s) => s[1]!),
        'int64',
      );
      const tensors = writer.nodes('Split', [made[inputs[0]!]!, lengths], shapes, { axis: 1 });
      parts.forEach((part, at) => {
        made[part] = tensors[at];
      });
    } else made[i] = convert(writer, list, node, made);
  }
  const constants = new Set(list.nodes.flatMap(([operator], i) => (operator === 'MemoryData' ? [i] : [])));
  const ends = [...made.keys()].filter((i) => made[i] !== undefined && !used.has(i) && !constants.has(i));
  return {
    graph: writer.finish(list.name, [...new Set(ends.map((i) => made[i]!))]),
    family: list.name.replace(/_int8$/, ''),
  };
}

/** The first output of a node and those that follow it, marked `of`. */
function partsOf(nodes: readonly Node[], first: number): number[] {
  const parts = [first];
  for (let i = first + 1; nodes[i]?.[0] === nodes[first]![0] && nodes[i]![3]['of'] !== undefined; i++) parts.push(i);
  return parts;
}

/** A sequence is stated as [1, channels, steps]: ONNX has the channels last. */
const shapeOf = (shape: readonly number[]): number[] =>
  shape.length === 3 ? [shape[0]!, shape[2]!, shape[1]!] : channelsSecond(shape);

function convert(
  writer: GraphWriter,
  list: ListGraph,
  [operator, from, shape, own]: Node,
  made: readonly (Tensor | undefined)[],
): Tensor {
  const to = shapeOf(shape);
  const inputs = from.map((j) => made[j]!);
  const x = inputs[0]!;
  const number = (name: string, otherwise: number): number => Number(own[name] ?? otherwise);
  const activated = (tensor: Tensor): Tensor => {
    const activation = activations[number('act', 0)];
    return activation === undefined ? tensor : writer.node(activation, [tensor], to);
  };
  const named = plain[operator];
  if (named !== undefined) return writer.node(named, inputs, to);
  if (ownOperators.has(operator)) return writer.node(operator, inputs, to, {}, 'ncnn');
  switch (operator) {
    case 'Input':
      return writer.input(to);
    case 'MemoryData':
      return writer.constant(to);
    case 'Convolution':
    case 'ConvolutionDepthWise':
      return activated(convolution(writer, own, x, to));
    case 'DeconvolutionDepthWise': {
      const k = number('k', 1);
      const weight = writer.constant([x.shape[1]!, 1, k, k]);
      return writer.node('ConvTranspose', [x, weight], to, {
        kernel_shape: [k, k],
        strides: [2, 2],
        group: to[1]!,
      });
    }
    case 'Pooling': {
      const average = own['kind'] === 'avg';
      if (number('global', 0) === 1) return writer.node(average ? 'GlobalAveragePool' : 'GlobalMaxPool', [x], to);
      const [k, stride] = [number('k', 1), number('s', 1)];
      const pads = paddingOf(x.shape, to, [k, k], stride);
      return writer.node(average ? 'AveragePool' : 'MaxPool', [x], to, {
        kernel_shape: [k, k],
        strides: [stride, stride],
        pads,
      });
    }
    case 'InnerProduct': {
      const columns = product(x.shape.slice(1));
      const flat = x.shape.length === 2 ? x : writer.node('Flatten', [x], [x.shape[0]!, columns], { axis: 1 });
      return activated(writer.node('Gemm', [flat, writer.constant([to[1]!, columns])], to, { transB: 1 }));
    }
    case 'Gemm':
      return writer.node('MatMul', [x, writer.constant([x.shape.at(-1)!, to.at(-1)!])], to);
    case 'BinaryOp':
      return writer.node(
        own['kind'] === 'mul' ? 'Mul' : 'Add',
        inputs.length === 1 ? [x, writer.constant([])] : inputs,
        to,
      );
    case 'BatchNorm':
      return writer.node('BatchNormalization', [x, ...Array.from({ length: 4 }, () => writer.constant([to[1]!]))], to);
    case 'LayerNorm':
      return writer.node('LayerNormalization', [x, writer.constant([to.at(-1)!]), writer.constant([to.at(-1)!])], to, {
        axis: -1,
      });
    case 'MultiHeadAttention':
      return attention(writer, number('heads', 1), inputs, to);
    case 'Concat':
      return writer.node('Concat', inputs, to, { axis: 1 });
    case 'ShuffleChannel':
      return shuffled(writer, x);
    case 'Interp':
      return writer.node('Resize', [x], to);
    case 'Reduction':
      return writer.node('ReduceMean', [x], to);
    case 'Permute':
      return writer.node('Transpose', [x], to);
    case 'Flatten':
    case 'Reshape':
      return writer.node('Reshape', [x, writer.constant([to.length], to, 'int64')], to);
    case 'Padding':
      return writer.node('Pad', [x], to);
    case 'Crop':
      return writer.node('Slice', [x], to);
  }
  throw new DomainError('invalid-request', `${list.name}: operator '${operator}' is not one of ncnn's benchmark`);
}

function convolution(writer: GraphWriter, own: Node[3], x: Tensor, to: readonly number[]): Tensor {
  const [k, stride, dilation, group] = [own['k'], own['s'], own['d'], own['g']].map((v) => Number(v ?? 1)) as [
    number,
    number,
    number,
    number,
  ];
  const height = Number(own['kh'] ?? k);
  return writer.node('Conv', [x, writer.constant([to[1]!, x.shape[1]! / group, height, k])], to, {
    kernel_shape: [height, k],
    strides: [stride, stride],
    dilations: [dilation, dilation],
    pads: paddingOf(x.shape, to, [height, k], stride, dilation),
    group,
  });
}

/** Two groups of channels dealt out in turn. */
function shuffled(writer: GraphWriter, x: Tensor): Tensor {
  const [n, channels, ...positions] = x.shape as [number, number, ...number[]];
  const apart = [n, 2, channels / 2, ...positions];
  const turned = [n, channels / 2, 2, ...positions];
  const shapeTensor = (shape: readonly number[]): Tensor => writer.constant([shape.length], shape, 'int64');
  const split = writer.node('Reshape', [x, shapeTensor(apart)], apart);
  const swapped = writer.node('Transpose', [split], turned, { perm: [0, 2, 1, ...positions.map((_, i) => i + 3)] });
  return writer.node('Reshape', [swapped, shapeTensor(x.shape)], x.shape);
}

/** Projections of query, key and value, the two products of attention and the projection of its result. */
function attention(writer: GraphWriter, heads: number, inputs: readonly Tensor[], to: readonly number[]): Tensor {
  const [n, steps, width] = to as [number, number, number];
  const projected = (x: Tensor): Tensor => writer.node('MatMul', [x, writer.constant([width, width])], to);
  const [query, key, value] = [0, 1, 2].map((i) => projected(inputs[i] ?? inputs[0]!)) as [Tensor, Tensor, Tensor];
  const shape = [n, heads, steps, width / heads];
  const split = (x: Tensor): Tensor => writer.node('Reshape', [x, writer.constant([4], shape, 'int64')], shape);
  const keys = writer.node('Transpose', [split(key)], [n, heads, width / heads, steps], { perm: [0, 1, 3, 2] });
  const scores = writer.node('MatMul', [split(query), keys], [n, heads, steps, steps]);
  const weights = writer.node('Softmax', [scores], [n, heads, steps, steps], { axis: -1 });
  const mixed = writer.node('MatMul', [weights, split(value)], shape);
  return projected(writer.node('Reshape', [mixed, writer.constant([3], [n, steps, width], 'int64')], to));
}
