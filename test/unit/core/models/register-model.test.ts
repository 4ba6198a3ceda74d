// What is taken in as a model, what is kept of it, and what is refused: among other things, every way that we could
// think of to carry weights along.

import { gunzipSync } from 'node:zlib';
import { beforeEach, describe, expect, test } from 'vitest';
import { loweringIds } from '#core/graph/lowerings.ts';
import { registerModel } from '#core/models/register-model.ts';
import { showModel } from '#core/models/show-model.ts';
import { modelLimits, type SubmittedGraph, submittedGraphSchema } from '#core/models/submitted-graph.ts';
import { seededRandom } from '#core/random.ts';
import { zooGraphs } from '../../../fixtures/zoo.ts';
import { type MapStore, mapStore } from '../map-store.ts';

type Writable<T> = { -readonly [K in keyof T]: T[K] };
type Node = SubmittedGraph['nodes'][number];

/** A 3 x 3 convolution of 8 x 8 images to four channels, a Relu and a global pool: 4 · 64 · 27 = 6,912 MACs. */
const small = (): Writable<SubmittedGraph> => ({
  opset: 17,
  inputs: [{ name: 'image', type: 'float32', shape: [1, 3, 8, 8] }],
  outputs: ['pooled'],
  constants: [{ name: 'weight', type: 'float32', shape: [4, 3, 3, 3] }],
  nodes: [
    { operator: 'Conv', inputs: ['image', 'weight'], outputs: ['map'], attributes: { pads: [1, 1, 1, 1] } },
    { operator: 'Relu', name: 'secret', inputs: ['map'], outputs: ['positive'], attributes: {} },
    { operator: 'GlobalAveragePool', inputs: ['positive'], outputs: ['pooled'], attributes: {} },
  ],
});
const withNode = (node: Partial<Node>): SubmittedGraph => {
  const graph = small();
  return { ...graph, nodes: [{ ...graph.nodes[0]!, ...node }, ...graph.nodes.slice(1)] };
};

let store: MapStore;
beforeEach(() => {
  store = mapStore();
});
const keptOf = (model: string): string => gunzipSync(store.objects.get(`models/${model}.json.gz`)!).toString();

describe('a model', () => {
  test('is told by what it takes, gives, does, and launches', async () => {
    const view = await registerModel(store, small());
    expect(view).toMatchObject({
      opset: 17,
      batchSize: 1,
      inputs: [{ type: 'float32', shape: [1, 3, 8, 8] }],
      outputs: [{ type: 'float32', shape: [1, 4, 1, 1] }],
      operators: ['Conv', 'GlobalAveragePool', 'Relu'].map((operator) => ({ operator, count: 1 })),
      weightBytes: 4 * 27 * 4,
      unknown: [],
    });
    expect(view.lowerings.map(({ lowering }) => lowering)).toEqual(loweringIds);
    // Eager runtimes launch the Relu, the others fuse it.
    const [eager, fused] = view.lowerings;
    expect(eager).toMatchObject({ launches: 3, macs: 6912, weightBytes: 432, int8Launches: 0 });
    expect(eager!.kinds).toEqual([
      { kind: 'convolution', launches: 1, macs: 6912 },
      { kind: 'reduction', launches: 1, macs: 0 },
      { kind: 'activation', launches: 1, macs: 0 },
    ]);
    expect(fused).toMatchObject({ launches: 2, macs: 6912 });
    expect(await showModel(store, view.model)).toEqual(view);
  });

  test('is the same whatever it is called and however it is listed, and is written once', async () => {
    const first = await registerModel(store, small());
    const renamed = JSON.parse(JSON.stringify(small()).replaceAll('map', 'another').replaceAll('secret', 'open'));
    const second = await registerModel(store, { ...renamed, name: 'Mine', tensors: [] });
    expect(second.model).toBe(first.model);
    expect([...store.objects.keys()]).toEqual([`models/${first.model}.json.gz`]);
    const other = await registerModel(store, withNode({ attributes: { pads: [0, 0, 0, 0] } }));
    expect(other.model).not.toBe(first.model);
  });

  test('of an operator that nobody knows says so, where its shapes are told', async () => {
    const graph = small();
    graph.nodes = [...graph.nodes.slice(0, 2), { ...graph.nodes[2]!, operator: 'Warp', domain: 'com.example' }];
    const tensors = [{ name: 'pooled', type: 'float32' as const, shape: [1, 4, 1, 1] }];
    const { unknown } = await registerModel(store, { ...graph, tensors });
    expect(unknown).toEqual([{ operator: 'Warp', domain: 'com.example', count: 1 }]);
    await expect(registerModel(store, graph)).rejects.toMatchObject({ code: 'unsupported-model' });
  });

  test('that is not there is not found, nor is what cannot be an id', async () => {
    for (const id of ['0'.repeat(64), '../tokens/a', '']) {
      await expect(showModel(store, id)).rejects.toMatchObject({ code: 'not-found' });
    }
    expect(store.calls).toEqual([`get models/${'0'.repeat(64)}.json.gz`]);
  });

  test('whose object is damaged, or of another model, is not shown', async () => {
    const { model } = await registerModel(store, small());
    const other = await registerModel(store, withNode({ attributes: { pads: [0, 0, 0, 0] } }));
    const key = `models/${model}.json.gz`;
    store.objects.set(key, store.objects.get(`models/${other.model}.json.gz`)!);
    await expect(showModel(store, model)).rejects.toMatchObject({ code: 'internal' });
    store.objects.set(key, new Uint8Array([1, 2]));
    await expect(showModel(store, model)).rejects.toMatchObject({ code: 'internal' });
  });

  test.each(zooGraphs().filter((_, i) => i % 60 === 7))('of the zoo, $name, is one', async (graph) => {
    const { lowerings, operators } = await registerModel(store, submittedGraphSchema.parse(graph));
    expect(operators.reduce((sum, { count }) => sum + count, 0)).toBe(graph.nodes.length);
    expect(Math.min(...lowerings.map(({ macs }) => macs))).toBeGreaterThan(0);
  });
});

describe('refused is', () => {
  test.each(['If', 'Loop', 'Scan', 'SequenceMap'])('%s', async (operator) => {
    await expect(registerModel(store, withNode({ operator }))).rejects.toMatchObject({
      code: 'unsupported-model',
      message: expect.stringMatching(`^control flow cannot be predicted: graph/nodes/0: ${operator} runs graphs`),
      issues: [{ path: 'graph/nodes/0' }],
    });
  });

  test.each([
    ['batch', ' ("batch")'],
    [null, ''],
    [-1, ''],
  ])('a dimension %j', async (length, shown) => {
    const inputs = [{ name: 'image', type: 'float32' as const, shape: [length, 3, 8, length] }];
    await expect(registerModel(store, { ...small(), inputs })).rejects.toMatchObject({
      code: 'unbound-dimension',
      issues: [
        { path: 'graph/inputs/0/shape/0', message: `axis 0${shown} of input "image"` },
        { path: 'graph/inputs/0/shape/3' },
      ],
    });
  });

  test('a graph that contradicts itself', async () => {
    await expect(registerModel(store, withNode({ inputs: ['nothing', 'weight'] }))).rejects.toMatchObject({
      code: 'invalid-model',
      message: expect.stringContaining('"nothing"'),
    });
  });
});

/** What its form refuses, before anything else. */
const formFaults = (graph: object): string[] =>
  submittedGraphSchema.safeParse(graph).error?.issues.map(({ path, code }) => `${path.join('/')} ${code}`) ?? [];

describe('weights are not carried', () => {
  const random = seededRandom(7);
  /** Bytes that nothing compresses, others at each call. */
  const noise = (count: number): number[] => Array.from({ length: count }, () => random.integer(256));
  const base64 = Buffer.from(noise(3_000)).toString('base64');

  test.each<[string, Record<string, number | string | number[] | string[]>]>([
    ['a list of integers', { blob: noise(65) }],
    ['a list of fractions', { blob: Array.from({ length: 17 }, (_, i) => i + 0.5) }],
    ['base64', { blob: base64 }],
    ['base64 in parts', { blob: base64.match(/.{1,65}/g)! }],
    ['many texts', { blob: Array.from({ length: 65 }, () => 'a') }],
    ['many attributes', Object.fromEntries(noise(65).map((byte, i) => [`w${i}`, byte]))],
  ])('in attributes: %s', async (_, attributes) => {
    await expect(registerModel(store, withNode({ attributes }))).rejects.toMatchObject({
      code: 'invalid-model',
      message: expect.stringMatching('^a graph says structure, not data: graph/nodes/0/attributes'),
    });
    expect(store.objects.size).toBe(0);
  });

  test('in many attributes that are each as small as they may be', async () => {
    const nodes = Array.from({ length: 100 }, (_, i) => ({
      operator: 'Relu',
      inputs: [i === 0 ? 'image' : `y${i - 1}`],
      outputs: [`y${i}`],
      attributes: { blob: noise(64) },
    }));
    await expect(registerModel(store, { ...small(), nodes, outputs: ['y99'] })).rejects.toMatchObject({
      code: 'invalid-model',
      // 2,048 and 40 a node.
      message: expect.stringContaining('100 operators have at most 6048 bytes compressed'),
    });
    expect(store.objects.size).toBe(0);
  });

  test('in constants: values of weights are dropped, long ones refused', async () => {
    const graph = small();
    graph.constants = [{ name: 'weight', type: 'float32', shape: [4, 3, 1, 1], values: noise(12) }];
    graph.nodes = [{ ...graph.nodes[0]!, attributes: {} }, ...graph.nodes.slice(1)];
    const { model } = await registerModel(store, graph);
    expect(keptOf(model)).not.toContain('values');
    expect(
      formFaults({ ...small(), constants: [{ name: 'w', type: 'float32', shape: [65], values: noise(65) }] }),
    ).toEqual(['constants/0/values too_big']);
    const constants = [{ name: 'weight', type: 'int64' as const, shape: [4, 3, 3, 3], values: noise(9) }];
    await expect(registerModel(store, { ...small(), constants })).rejects.toMatchObject({
      code: 'invalid-model',
      message: expect.stringContaining('9 values of a tensor of 108'),
    });
  });

  test('in names: none is kept, nor what nothing uses', async () => {
    const text = JSON.stringify(small()).replaceAll('map', `map ${base64.slice(0, 900)}`);
    const graph = JSON.parse(text) as SubmittedGraph;
    const unused = { name: base64.slice(0, 500), type: 'int64' as const, shape: [64], values: noise(64) };
    const { model } = await registerModel(store, {
      ...graph,
      name: base64.slice(0, 900),
      constants: [...graph.constants, unused],
    });
    const plain = await registerModel(mapStore(), small());
    expect(model).toBe(plain.model);
    const kept = keptOf(model);
    for (const word of ['image', 'map', 'secret', 'values', base64.slice(0, 20)]) expect(kept).not.toContain(word);
  });

  test('in unknown keys, operators, and more than there may be of anything', () => {
    expect(formFaults({ ...small(), weights: base64 })).toEqual([' unrecognized_keys']);
    expect(formFaults(withNode({ tensor: 1 } as object))).toEqual(['nodes/0 unrecognized_keys']);
    expect(formFaults({ ...small(), constants: [{ ...small().constants[0]!, raw_data: base64 }] })).toEqual([
      'constants/0 unrecognized_keys',
    ]);
    expect(formFaults(withNode({ operator: base64.slice(0, 65) }))[0]).toBe('nodes/0/operator too_big');
    expect(formFaults(withNode({ operator: 'Conv+=' }))).toEqual(['nodes/0/operator invalid_format']);
    expect(formFaults(withNode({ domain: `${base64.slice(0, 62)}+/` }))).not.toEqual([]);
    expect(formFaults(withNode({ attributes: { blob: { raw: base64 } } as never }))).toEqual([
      'nodes/0/attributes/blob invalid_union',
    ]);
    const many = Array.from({ length: modelLimits.nodes + 1 }, () => small().nodes[1]!);
    expect(formFaults({ ...small(), nodes: many })).toEqual(['nodes too_big']);
  });
});
