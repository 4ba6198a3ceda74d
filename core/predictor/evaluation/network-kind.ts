// What kind of network a graph is, by its operators and shapes: accuracy is told apart by it, for what is easy among
// convolutional classifiers may fail on a transformer.
import type { OperatorGraph } from '#core/graph/operator-graph.ts';

export const networkKinds = ['recurrent', 'transformer', 'one-dimensional', 'dense-output', 'convolutional'] as const;
export type NetworkKind = (typeof networkKinds)[number];

const recurrentOperators: ReadonlySet<string> = new Set(['LSTM', 'GRU', 'RNN']);

/** The first that fits: with recurrent operators; with a softmax inside, over products of matrices; with convolutions
 * over one dimension, or without any; with an output that has a place for every part of the input (segmentation,
 * detection, images); and all others. */
export function networkKind({ inputs, outputs, nodes, tensors }: OperatorGraph): NetworkKind {
  const shapes = new Map([...inputs, ...tensors].map(({ name, shape }) => [name, shape]));
  const rankOf = (name: string): number => shapes.get(name)?.length ?? 0;
  const has = (test: (node: OperatorGraph['nodes'][number]) => boolean): boolean => nodes.some(test);
  if (has(({ operator }) => recurrentOperators.has(operator))) return 'recurrent';
  const attends = has(({ operator, inputs: [x] }) => operator === 'Softmax' && rankOf(x!) >= 3);
  if (attends && has(({ operator }) => operator === 'MatMul')) return 'transformer';
  const convolved = nodes.filter(({ operator }) => operator === 'Conv' || operator === 'ConvTranspose');
  if (convolved.every(({ inputs: [x] }) => rankOf(x!) === 3)) return 'one-dimensional';
  const isDense = (name: string): boolean => {
    const [, , height = 1, width = 1] = shapes.get(name) ?? [];
    return rankOf(name) === 4 && height * width > 1;
  };
  return outputs.some(isDense) ? 'dense-output' : 'convolutional';
}
