import { describe, expect, test } from 'vitest';
import { canonicalGraph } from '#core/graph/canonical-graph.ts';
import { graphHash } from '#core/graph/graph-hash.ts';
import { kernelKey, launchesOf, lower, lowerToGraph } from '#core/graph/lower.ts';
import { loweringIds } from '#core/graph/lowerings.ts';
import type { OperatorGraph } from '#core/graph/operator-graph.ts';
import { zooGraphs } from '../../../fixtures/zoo.ts';

const image = [1, 3, 8, 8];

/** Two branches of one input, added; the second is listed first, and a constant is used by nobody. */
const graph: OperatorGraph = {
  name: 'secret project',
  opset: 17,
  inputs: [{ name: 'photo', type: 'float32', shape: image }],
  outputs: ['sum'],
  constants: [
    { name: 'unused', type: 'float32', shape: [], values: [0.5] },
    { name: 'slope', type: 'float32', shape: [], values: [0.1] },
  ],
  nodes: [
    { operator: 'PRelu', name: 'author/right', inputs: ['photo', 'slope'], outputs: ['right'], attributes: {} },
    { operator: 'Elu', name: 'author/left', inputs: ['photo'], outputs: ['left', ''], attributes: { alpha: 0.1 } },
    { operator: 'Add', inputs: ['left', 'right'], outputs: ['sum'], attributes: {} },
  ],
  tensors: ['right', 'left', 'sum'].map((name) => ({ name, type: 'float32', shape: image })),
};
// The nearest float32 to a tenth.
const tenth = 0.10000000149011612;

describe('canonicalGraph', () => {
  test('numbers tensors as they are met, orders nodes as outputs need them, and drops names and what is unused', () => {
    expect(canonicalGraph(graph)).toEqual({
      graph: {
        name: '',
        opset: 17,
        inputs: [{ name: 't0', type: 'float32', shape: image }],
        outputs: ['t4'],
        constants: [{ name: 't2', type: 'float32', shape: [], values: [tenth] }],
        nodes: [
          { operator: 'Elu', inputs: ['t0'], outputs: ['t1'], attributes: { alpha: tenth } },
          { operator: 'PRelu', inputs: ['t0', 't2'], outputs: ['t3'], attributes: {} },
          { operator: 'Add', inputs: ['t1', 't3'], outputs: ['t4'], attributes: {} },
        ],
        tensors: ['t1', 't3', 't4'].map((name) => ({ name, type: 'float32', shape: image })),
      },
      sources: [1, 0, 2],
    });
  });

  test('is one text for graphs of one hash', () => {
    const [right, left, sum] = graph.nodes as [
      OperatorGraph['nodes'][0],
      OperatorGraph['nodes'][0],
      OperatorGraph['nodes'][0],
    ];
    const other = {
      ...graph,
      name: 'x',
      nodes: [{ ...left, name: 'l' }, right, sum],
      tensors: graph.tensors.toReversed(),
    };
    expect(graphHash(other)).toBe(graphHash(graph));
    expect(JSON.stringify(canonicalGraph(other).graph)).toBe(JSON.stringify(canonicalGraph(graph).graph));
  });

  test.each(zooGraphs().filter((_, i) => i % 40 === 0))(
    'of $name has its hash, its kernels, and is its own',
    (model) => {
      const { graph: own, sources } = canonicalGraph(model);
      expect(graphHash(own)).toBe(graphHash(model));
      expect(canonicalGraph(own).graph).toEqual(own);
      expect(own.nodes.map(({ operator }) => operator)).toEqual(sources.map((i) => model.nodes[i]!.operator));
      const launches = (of: OperatorGraph) => {
        const counts = launchesOf(lowerToGraph(of, 'fused'), 'fused');
        return counts.map(({ kernel, count }) => `${count} ${JSON.stringify(kernel)}`).sort();
      };
      expect(launches(own)).toEqual(launches(model));
    },
  );

  // Models that pad without naming a value.
  const orders = 'davit_tiny hgnetv2_b4 mobilenetv4_conv_blur_medium';
  test.each(zooGraphs().filter(({ name }) => orders.split(' ').includes(name)))(
    'of $name has the same kernels under every lowering',
    (model) => {
      const { graph: own } = canonicalGraph(model);
      for (const id of loweringIds) {
        const kernels = (of: OperatorGraph) =>
          lower(of, id).map(({ kernel, count }) => `${count} ${kernelKey(kernel)}`);
        expect(kernels(own).sort(), id).toEqual(kernels(model).sort());
      }
    },
  );
});
