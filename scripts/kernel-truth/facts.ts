// What is compared between a graph that ONNX Runtime optimised and one that a lowering made: for each node that is
// executed, its operator and shapes, as one line of text.
import type { WorkingNode } from '#core/graph/working-graph.ts';
import { numberAttribute, numbersAttribute } from '#core/graph/working-graph.ts';

export interface NodeFacts {
  readonly operator: string;
  /** Fused into it: '' where there is none. */
  readonly activation: string;
  /** Tensors added to the result. */
  readonly addends: number;
  /** Channels in blocks: shapes then have their channels rounded up to whole blocks. */
  readonly blocked: boolean;
  /** Of the first input and output. */
  readonly input: readonly number[];
  readonly output: readonly number[];
  readonly window: readonly number[];
  readonly strides: readonly number[];
  readonly dilations: readonly number[];
  readonly groups: number;
}

const windowed = /Conv|Pool/;

/** Such as `Conv+Relu+1 b 1x16x32x32>1x16x32x32 w3x3 s1x1 d1x1 g1`. */
export function factsLine(facts: NodeFacts): string {
  const { operator, activation, addends, blocked, input, output } = facts;
  const head = `${operator}${activation && `+${activation}`}${addends ? `+${addends}` : ''}${blocked ? ' b' : ''}`;
  const line = `${head} ${input.join('x')}>${output.join('x')}`;
  if (!windowed.test(operator) || facts.window.length === 0) return line;
  const each = (values: readonly number[]): string => {
    const all = values.length === 0 ? facts.window.map(() => 1) : values;
    return all.every((v) => v === all[0]) ? String(all[0]) : all.join('x');
  };
  return `${line} w${each(facts.window)} s${each(facts.strides)} d${each(facts.dilations)} g${facts.groups}`;
}

/** @param block channels in a block */
export function factsOf(node: WorkingNode, block: number): NodeFacts {
  const weight = node.operator.startsWith('QLinearConv') ? node.inputs[3] : node.inputs[1];
  const isConvolution = node.operator.includes('Conv');
  const output = node.outputs.find((t) => t !== undefined);
  const shape = (tensor: { shape: readonly number[]; blocked: boolean } | undefined): readonly number[] =>
    tensor === undefined ? [] : tensor.blocked ? padded(tensor.shape, block) : tensor.shape;
  return {
    operator: node.operator,
    activation: node.activation ?? '',
    addends: node.addends,
    blocked: node.blocked,
    input: shape(node.inputs[0]),
    output: shape(output),
    window: isConvolution ? (weight?.shape.slice(2) ?? []) : (numbersAttribute(node, 'kernel_shape') ?? []),
    strides: numbersAttribute(node, 'strides') ?? [],
    dilations: numbersAttribute(node, 'dilations') ?? [],
    groups: numberAttribute(node, 'group', 1),
  };
}

export function padded(shape: readonly number[], block: number): readonly number[] {
  return shape.length < 2 ? shape : [shape[0]!, Math.ceil(shape[1]! / block) * block, ...shape.slice(2)];
}
