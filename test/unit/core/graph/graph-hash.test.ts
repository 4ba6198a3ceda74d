import { describe, expect, it } from 'vitest';
import { graphHash } from '#core/graph/graph-hash.ts';
import type { OperatorGraph } from '#core/graph/operator-graph.ts';

/** Two convolutions of one input, added. */
function graphOf(names: (name: string) => string = (n) => n): OperatorGraph {
  const image = [1, 3, 8, 8];
  return {
    name: names('graph'),
    opset: 17,
    inputs: [{ name: names('x'), type: 'float32', shape: image }],
    outputs: [names('sum')],
    constants: [
      { name: names('w1'), type: 'float32', shape: [3, 3, 1, 1] },
      { name: names('w2'), type: 'float32', shape: [3, 3, 1, 1] },
    ],
    nodes: [
      conv('first', 'a', 'w1', names),
      conv('second', 'b', 'w2', names),
      { operator: 'Add', inputs: [names('a'), names('b')], outputs: [names('sum')], attributes: {} },
    ],
    tensors: ['a', 'b', 'sum'].map((name) => ({ name: names(name), type: 'float32', shape: image })),
  };
}

const conv = (name: string, output: string, weight: string, names: (name: string) => string) => ({
  operator: 'Conv',
  name: names(name),
  inputs: [names('x'), names(weight)],
  outputs: [names(output)],
  attributes: { group: 1, kernel_shape: [1, 1] },
});

describe('graphHash', () => {
  const graph = graphOf();
  const hash = graphHash(graph);

  it('is a SHA-256', () => {
    expect(hash).toMatch(/^[0-9a-f]{64}$/);
    expect(hash).toBe(graphHash(graphOf()));
  });

  it('does not depend on names, nor on the order of constants, attributes and nodes', () => {
    expect(graphHash(graphOf((n) => `other/${n}`))).toBe(hash);
    const [first, second, sum] = graph.nodes as [
      OperatorGraph['nodes'][0],
      OperatorGraph['nodes'][0],
      OperatorGraph['nodes'][0],
    ];
    const turned = { ...first, attributes: { kernel_shape: [1, 1], group: 1 } };
    expect(
      graphHash({
        ...graph,
        constants: graph.constants.toReversed(),
        nodes: [second, turned, sum],
        tensors: graph.tensors.toReversed(),
      }),
    ).toBe(hash);
  });

  it('does not tell an optional input that is left out from one that is not named', () => {
    const add = graph.nodes[2]!;
    const longer = graph.nodes.with(2, { ...add, inputs: [...add.inputs, '', ''] });
    expect(graphHash({ ...graph, nodes: longer })).toBe(hash);
  });

  it('takes fractions as float32, as a file holds them', () => {
    const leaky = (alpha: number) => ({
      ...graph,
      nodes: graph.nodes.with(2, { ...graph.nodes[2]!, attributes: { alpha } }),
    });
    expect(graphHash(leaky(0.1))).toBe(graphHash(leaky(0.10000000149011612)));
    expect(graphHash(leaky(0.1))).not.toBe(graphHash(leaky(0.1001)));
  });

  const changes: Readonly<Record<string, (g: OperatorGraph) => Partial<OperatorGraph>>> = {
    'an attribute': (g) => ({ nodes: g.nodes.with(0, { ...g.nodes[0]!, attributes: { group: 3 } }) }),
    'an operator': (g) => ({ nodes: g.nodes.with(2, { ...g.nodes[2]!, operator: 'Mul' }) }),
    'a domain': (g) => ({ nodes: g.nodes.with(2, { ...g.nodes[2]!, domain: 'com.microsoft' }) }),
    'which weight is used twice': (g) => ({ nodes: g.nodes.with(1, { ...g.nodes[1]!, inputs: ['x', 'w1'] }) }),
    'the order of inputs': (g) => ({
      nodes: g.nodes.with(2, { ...g.nodes[2]!, inputs: ['b', 'a'] }),
      outputs: ['sum', 'a'],
    }),
    'a shape': (g) => ({ tensors: g.tensors.with(2, { ...g.tensors[2]!, shape: [1, 3, 4, 4] }) }),
    'a type': (g) => ({ inputs: g.inputs.with(0, { ...g.inputs[0]!, type: 'float16' }) }),
    'the shape of a weight': (g) => ({ constants: g.constants.with(0, { ...g.constants[0]!, shape: [3, 1, 1, 1] }) }),
    'a value': (g) => ({ constants: g.constants.with(0, { ...g.constants[0]!, values: [1] }) }),
    'a node that leads nowhere': (g) => ({
      nodes: [...g.nodes, { operator: 'Relu', inputs: ['a'], outputs: ['r'], attributes: {} }],
    }),
    'what is an output': () => ({ outputs: ['sum', 'a'] }),
    'the opset': () => ({ opset: 13 }),
  };
  it.each(Object.entries(changes))('depends on %s', (_, change) => {
    expect(graphHash({ ...graph, ...change(graph) })).not.toBe(hash);
  });

  it('survives a chain of 50,000 nodes', () => {
    const nodes = Array.from({ length: 50_000 }, (_, i) => ({
      operator: 'Relu',
      inputs: [`t${i}`],
      outputs: [`t${i + 1}`],
      attributes: {},
    }));
    const long = {
      ...graph,
      inputs: [{ ...graph.inputs[0]!, name: 't0' }],
      nodes,
      outputs: ['t50000'],
      constants: [],
      tensors: [],
    };
    expect(graphHash(long)).toMatch(/^[0-9a-f]{64}$/);
  });
});
