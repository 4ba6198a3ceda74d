// What both forms of public graph lists share: a node is [operator, indices of its inputs, output shape with channels
// last, attributes], one after another. And a writer of operator graphs in ONNX's words, channels second.
import * as z from 'zod';
import type {
  Attribute,
  ConstantTensor,
  ElementType,
  OperatorGraph,
  OperatorNode,
  Tensor,
} from '#core/graph/operator-graph.ts';

const attribute = z.union([z.number(), z.string()]);

export const listGraphSchema = z.object({
  name: z.string().min(1),
  ms: z.record(z.string(), z.number().positive().nullable()).optional(),
  nodes: z
    .array(
      z.tuple([
        z.string(),
        z.array(z.int().nonnegative()),
        z.array(z.int().nonnegative()).min(1),
        z.record(z.string(), attribute),
      ]),
    )
    .min(1),
});
export type ListGraph = z.infer<typeof listGraphSchema>;

/** [n, h, w, c] → [n, c, h, w], groups of channels [n, h, w, g, c] → [n, g, c, h, w], [n, w, c] → [n, c, w]; shapes of
 * two dimensions stay. */
export function channelsSecond(shape: readonly number[]): number[] {
  const spatial = Math.max(Math.min(shape.length - 2, 2), 0);
  return [...shape.slice(0, 1), ...shape.slice(1 + spatial), ...shape.slice(1, 1 + spatial)];
}

export const product = (values: readonly number[]): number => values.reduce((all, d) => all * d, 1);

export interface GraphWriter {
  input(shape: readonly number[]): Tensor;
  constant(shape: readonly number[], values?: readonly number[], type?: ElementType): Tensor;
  /** Appends a node with one output. */
  node(
    operator: string,
    inputs: readonly Tensor[],
    shape: readonly number[],
    attributes?: Readonly<Record<string, Attribute>>,
    domain?: string,
  ): Tensor;
  /** Appends a node with several outputs. */
  nodes(
    operator: string,
    inputs: readonly Tensor[],
    shapes: readonly (readonly number[])[],
    attributes?: Readonly<Record<string, Attribute>>,
  ): Tensor[];
  finish(name: string, outputs: readonly Tensor[]): OperatorGraph;
}

const opset = 17;

/** @param type of activations and weights */
export function graphWriter(type: ElementType): GraphWriter {
  const inputs: Tensor[] = [];
  const constants: ConstantTensor[] = [];
  const tensors: Tensor[] = [];
  const nodes: OperatorNode[] = [];
  const append: GraphWriter['nodes'] = (operator, from, shapes, attributes = {}) => {
    const made = shapes.map((shape) => ({ name: `t${tensors.push({ name: '', type, shape }) - 1}`, type, shape }));
    for (const tensor of made) tensors[Number(tensor.name.slice(1))] = tensor;
    nodes.push({ operator, inputs: from.map((t) => t.name), outputs: made.map((t) => t.name), attributes });
    return made;
  };
  return {
    input(shape) {
      const tensor = { name: `x${inputs.length}`, type, shape };
      inputs.push(tensor);
      return tensor;
    },
    constant(shape, values, own = type) {
      const tensor = { name: `c${constants.length}`, type: own, shape, ...(values && { values }) };
      constants.push(tensor);
      return tensor;
    },
    node(operator, from, shape, attributes, domain) {
      const [made] = append(operator, from, [shape], attributes);
      if (domain !== undefined) nodes[nodes.length - 1] = { ...nodes.at(-1)!, domain };
      return made!;
    },
    nodes: append,
    finish: (name, outputs) => ({
      name,
      opset,
      inputs,
      outputs: outputs.map((t) => t.name),
      constants,
      nodes,
      tensors,
    }),
  };
}

/** Padding of a window that gives the output its size: [top, left, bottom, right], more at the end where it is odd. */
export function paddingOf(
  input: readonly number[],
  output: readonly number[],
  window: readonly [number, number],
  stride: number,
  dilation = 1,
): number[] {
  const whole = [2, 3].map((axis, i) => {
    const reach = (window[i]! - 1) * dilation + 1;
    return Math.max(((output[axis] ?? 1) - 1) * stride + reach - (input[axis] ?? 1), 0);
  });
  return [...whole.map((p) => Math.floor(p / 2)), ...whole.map((p) => Math.ceil(p / 2))];
}
