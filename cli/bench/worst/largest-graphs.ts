// Operator graphs as large as the service takes in, each of a kind that makes passes work long. They stand as a client
// sends them.
import { modelLimits, type SubmittedGraph } from '#core/models/submitted-graph.ts';

type Node = SubmittedGraph['nodes'][number];

const type = 'float32';
const input = { name: 'x', type, shape: [1, 64, 8, 8] } satisfies SubmittedGraph['inputs'][number];
const plain = (): Pick<SubmittedGraph, 'opset' | 'inputs' | 'constants'> => ({
  opset: 17,
  inputs: [input],
  constants: [],
});

/** Each of its nodes is a kernel of its own for most runtimes. */
export function longestChain(): SubmittedGraph {
  const nodes = Array.from({ length: modelLimits.nodes }, (_, i) => node('Relu', [i === 0 ? 'x' : `${i - 1}`], `${i}`));
  return { ...plain(), nodes, outputs: [nodes.at(-1)!.outputs[0]!] };
}

/** Sums of one tensor that is read as often as a body has room for. */
export function mostReads(): SubmittedGraph {
  const sums = 230;
  const copies = Array<string>(modelLimits.nodeTensors - 1).fill('i');
  const nodes = [
    node('Identity', ['x'], 'i'),
    ...Array.from({ length: sums }, (_, k) => node('Sum', k === 0 ? copies : [...copies, `${k - 1}`], `${k}`)),
  ];
  return { ...plain(), nodes, outputs: [`${sums - 1}`] };
}

/** Transposes that can be moved along two ways, which part and meet again and again. */
export function movedTransposes(): SubmittedGraph {
  const nodes: Node[] = [node('Transpose', ['x'], '0', { perm: [0, 2, 3, 1] })];
  const next = (operator: string, inputs: string[], attributes?: Node['attributes']): string => {
    const output = `${nodes.length}`;
    nodes.push(node(operator, inputs, output, attributes));
    return output;
  };
  let last = '0';
  while (nodes.length <= modelLimits.nodes - 5) {
    const shared = next('Relu', [last]);
    const back = next('Sigmoid', [next('Transpose', [shared], { perm: [0, 3, 1, 2] })]);
    last = next('Add', [next('Transpose', [back], { perm: [0, 2, 3, 1] }), shared]);
  }
  return { ...plain(), nodes, outputs: [last] };
}

/** A chain whose last node reads what nobody makes. */
export function brokenChain(): SubmittedGraph {
  const { nodes, ...rest } = longestChain();
  return { ...rest, nodes: [...nodes.slice(0, -1), node('Relu', ['nowhere'], nodes.at(-1)!.outputs[0]!)] };
}

const node = (operator: string, inputs: string[], output: string, attributes: Node['attributes'] = {}): Node => ({
  operator,
  inputs,
  outputs: [output],
  attributes,
});
