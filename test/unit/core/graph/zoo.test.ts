// Shapes of the zoo's 429 real models: recorded by running each, never inferred.
import { describe, expect, it } from 'vitest';
import { inferTensors } from '#core/graph/complete-graph.ts';
import { isFloat } from '#core/graph/element-type-number.ts';
import { graphHash } from '#core/graph/graph-hash.ts';
import { parseOperatorGraph } from '#core/graph/graph-json.ts';
import { zooGraphs, zooIndex } from '../../../fixtures/zoo.ts';

const graphs = zooGraphs();

describe('the zoo', () => {
  it('has the graphs of its index', () => {
    expect(graphs.map((g) => g.name)).toEqual(zooIndex().map((row) => row.name));
    expect(graphs.map((g) => g.nodes.length)).toEqual(zooIndex().map((row) => row.nodes));
    expect(graphs).toHaveLength(429);
  });

  it('is of the form that goes over the wire', () => {
    // All of them were checked when they were written; a tenth of them is enough to see that the form still is that.
    for (const graph of graphs.filter((_, i) => i % 10 === 0)) expect(parseOperatorGraph(graph)).toEqual(graph);
  });

  it('carries no weights', () => {
    for (const { constants } of graphs) {
      for (const c of constants) if (isFloat(c.type)) expect(c.values?.length ?? 0).toBeLessThanOrEqual(4);
    }
  });

  it('has one hash a structure', () => {
    const names = Map.groupBy(graphs, graphHash)
      .values()
      .map((same) => same.map((g) => g.name))
      .filter((same) => same.length > 1)
      .toArray();
    // Two libraries' ResNets, and models that differ in their weights alone: parameters and multiply-accumulates agree.
    expect(names).toEqual([
      ['deit_small_patch16_224', 'vit_small_patch16_224'],
      ['deit_tiny_patch16_224', 'vit_tiny_patch16_224'],
      ['densenet121', 'tv_densenet121'],
      ['inception_v3', 'tv_inception_v3'],
      ['repvit_m0_9', 'repvit_m1'],
      ['resnet18', 'tv_resnet18'],
      ['resnet50', 'tv_resnet50'],
    ]);
    const macs = new Map(zooIndex().map((row) => [row.name, row.macs]));
    for (const [one, other] of names) expect(macs.get(one!)).toBe(macs.get(other!));
  });
});

describe('inferred shapes and types', () => {
  it.each(graphs.map((g) => [g.name, g] as const))('of %s are the recorded ones', (_, graph) => {
    expect(graph.tensors.length).toBeGreaterThan(0);
    expect(inferTensors(graph.nodes, graph.inputs, graph.constants, graph.opset)).toEqual(graph.tensors);
  });
});
