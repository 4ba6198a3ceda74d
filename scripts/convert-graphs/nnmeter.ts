// nn-Meter's graph lists (microsoft/nn-Meter, dataset of the paper of Zhang et al., MobiSys 2021) → operator graphs.
// Hard swish and hard sigmoid, which its generator writes as a sum, a clipped ReLU and products, become ONNX's own.
import { DomainError } from '#core/errors.ts';
import type { OperatorGraph, Tensor } from '#core/graph/operator-graph.ts';
import { channelsSecond, type GraphWriter, graphWriter, type ListGraph, paddingOf, product } from './list-graph.ts';

type Node = ListGraph['nodes'][number];

/** `resnet18_17` → `resnet18`. */
const familyOf = (name: string): string => name.replace(/_\d+$/, '').replace(/^(resnet|vgg)\d+$/, '$1');

/** @throws DomainError `invalid-request` for an operator that the lists do not have */
export function fromNnMeter(list: ListGraph): { graph: OperatorGraph; family: string } {
  const writer = graphWriter('float32');
  const consumers = new Map<number, number[]>();
  list.nodes.forEach(([, inputs], i) => {
    for (const j of inputs) consumers.set(j, [...(consumers.get(j) ?? []), i]);
  });
  const made: (Tensor | undefined)[] = [];
  const gates = hardGates(list.nodes, consumers);
  for (const [i, node] of list.nodes.entries()) {
    if (made[i] !== undefined || gates.inside.has(i)) continue;
    const gate = gates.ends.get(i);
    if (gate !== undefined) {
      made[i] = writer.node(gate.operator, [made[gate.input]!], channelsSecond(node[2]));
      continue;
    }
    if (node[0] === 'Split') {
      splitTogether(writer, list.nodes, consumers, made, i);
      continue;
    }
    made[i] = convert(writer, list, node, made);
  }
  const outputs = made.filter((t, i) => t !== undefined && !consumers.has(i) && !gates.inside.has(i)) as Tensor[];
  return { graph: writer.finish(list.name, outputs), family: familyOf(list.name) };
}

/** All parts of one tensor in one node. */
function splitTogether(
  writer: GraphWriter,
  nodes: readonly Node[],
  consumers: ReadonlyMap<number, readonly number[]>,
  made: (Tensor | undefined)[],
  first: number,
): void {
  const from = nodes[first]![1][0]!;
  const parts = consumers.get(from)!.filter((i) => nodes[i]![0] === 'Split');
  const shapes = parts.map((i) => channelsSecond(nodes[i]![2]));
  const lengths = writer.constant(
    [parts.length],
    shapes.map((s) => s[1]!),
    'int64',
  );
  const tensors = writer.nodes('Split', [made[from]!, lengths], shapes, { axis: 1 });
  parts.forEach((i, part) => {
    made[i] = tensors[part];
  });
}

function convert(
  writer: GraphWriter,
  list: ListGraph,
  [operator, from, shape, own]: Node,
  made: readonly (Tensor | undefined)[],
): Tensor {
  const to = channelsSecond(shape);
  const inputs = from.map((j) => made[j]!);
  const [x] = inputs;
  const k = Number(own['k'] ?? 1);
  const stride = Number(own['s'] ?? 1);
  const window = { kernel_shape: [k, k], strides: [stride, stride] };
  switch (operator) {
    case 'Input':
      return writer.input(to);
    case 'Conv':
    case 'DwConv': {
      const group = operator === 'DwConv' ? x!.shape[1]! : 1;
      const weight = writer.constant([to[1]!, x!.shape[1]! / group, k, k]);
      const pads = paddingOf(x!.shape, to, [k, k], stride);
      return writer.node('Conv', [x!, weight], to, { ...window, pads, group });
    }
    case 'BatchNorm': {
      const channels = Array.from({ length: 4 }, () => writer.constant([to[1]!]));
      return writer.node('BatchNormalization', [x!, ...channels], to);
    }
    case 'MaxPool':
    case 'AvgPool':
      return writer.node(operator === 'MaxPool' ? 'MaxPool' : 'AveragePool', [x!], to, {
        ...window,
        pads: paddingOf(x!.shape, to, [k, k], stride),
      });
    case 'GlobalAvgPool':
      return writer.node('GlobalAveragePool', [x!], to);
    case 'Gemm': {
      const columns = product(x!.shape.slice(1));
      const flat = x!.shape.length === 2 ? x! : writer.node('Flatten', [x!], [x!.shape[0]!, columns], { axis: 1 });
      return writer.node('Gemm', [flat, writer.constant([to[1]!, columns])], to, { transB: 1 });
    }
    case 'Relu':
      return writer.node('Relu', [x!], to);
    case 'Add':
    case 'Mul':
      return writer.node(operator, inputs.length === 1 ? [x!, writer.constant([])] : inputs, to);
    case 'Concat':
      return writer.node('Concat', inputs, to, { axis: 1 });
    case 'Reshape':
      return writer.node('Reshape', [x!, writer.constant([to.length], to, 'int64')], to);
    case 'Transpose':
      return writer.node('Transpose', [x!], to, { perm: permutation(x!.shape, to) });
  }
  throw new DomainError('invalid-request', `${list.name}: operator '${operator}' is not one of nn-Meter's lists`);
}

/** The order of axes that turns one shape into the other. */
function permutation(from: readonly number[], to: readonly number[]): number[] {
  const open = from.map((_, i) => i);
  return to.map(
    (d) =>
      open.splice(
        Math.max(
          open.findIndex((axis) => from[axis] === d),
          0,
        ),
        1,
      )[0]!,
  );
}

/** x · relu6(x + 3) / 6 and relu6(x + 3) / 6: which nodes they end at and what of them is inside. */
function hardGates(nodes: readonly Node[], consumers: ReadonlyMap<number, readonly number[]>) {
  const inside = new Set<number>();
  const ends = new Map<number, { operator: string; input: number }>();
  const only = (i: number, operator: string): number | undefined => {
    const next = consumers.get(i) ?? [];
    return next.length === 1 && nodes[next[0]!]![0] === operator ? next[0] : undefined;
  };
  nodes.forEach(([operator, inputs], sum) => {
    if (operator !== 'Add' || inputs.length !== 1) return;
    const clipped = only(sum, 'Relu');
    const first = clipped === undefined ? undefined : only(clipped, 'Mul');
    if (clipped === undefined || first === undefined) return;
    const x = inputs[0]!;
    if (nodes[first]![1].length === 1) {
      ends.set(first, { operator: 'HardSigmoid', input: x });
      inside.add(sum).add(clipped);
      return;
    }
    const second = nodes[first]![1].includes(x) ? only(first, 'Mul') : undefined;
    if (second === undefined || nodes[second]![1].length !== 1) return;
    ends.set(second, { operator: 'HardSwish', input: x });
    inside.add(sum).add(clipped).add(first);
  });
  return { inside, ends };
}
