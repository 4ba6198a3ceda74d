// ONNX files made by the onnx package (test/fixtures/onnx) and by our own writer, read into operator graphs.
import { describe, expect, it } from 'vitest';
import { graphHash } from '#core/graph/graph-hash.ts';
import { parseOperatorGraph } from '#core/graph/graph-json.ts';
import { bytesAsSource } from '#core/graph/onnx-file/byte-source.ts';
import type { OperatorGraph } from '#core/graph/operator-graph.ts';
import { type OnnxOptions, readOnnx } from '#core/graph/read-onnx.ts';
import { seededRandom } from '#core/random.ts';
import { describeNetwork } from '#core/search-space/network/describe.ts';
import { usualInputSize } from '#core/search-space/network/input-size.ts';
import { modelBytes } from '#core/search-space/network/with-weights.ts';
import { searchSpaces } from '#core/search-space/registry.ts';
import { bindings, described, onnxBytes, onnxExpected } from '../../../../fixtures/onnx-models.ts';

/** Dimensions that a fixture leaves open. */
const open: Readonly<Record<string, readonly string[]>> = {
  'shape-chain': ['batch', 'height'],
  decoder: ['batch', 'length', 'past'],
  functions: [],
  constants: [],
  branch: [],
  quirks: [],
};

const read = (name: string, options: OnnxOptions = {}) =>
  readOnnx(bytesAsSource(onnxBytes(name)), {
    dims: Object.fromEntries((open[name] ?? ['batch']).map((d) => [d, bindings[d]!])),
    ...options,
  });
const operators = (graph: OperatorGraph) => graph.nodes.map((n) => n.operator);
const refusal = (name: string, options: OnnxOptions) => read(name, options).catch((error: unknown) => error);

describe('shapes are those of onnx.shape_inference:', () => {
  it.each(Object.entries(onnxExpected()))('%s', async (name, expected) => {
    const graph = await read(name);
    const have = described(graph);
    // Tensors inside a function are named otherwise; what was folded away is not there.
    const common = Object.keys(expected).filter((tensor) => tensor in have);
    expect(common).toEqual(expect.arrayContaining(graph.outputs.filter((output) => output in expected)));
    expect(common.length).toBeGreaterThan(1);
    for (const tensor of common) expect([tensor, have[tensor]]).toEqual([tensor, expected[tensor]]);
    expect(parseOperatorGraph(graph)).toEqual(graph);
  });
});

describe('chains that compute shapes', () => {
  it('become constants', async () => {
    const graph = await read('shape-chain');
    expect(operators(graph)).toEqual(['Conv', 'Reshape']);
    expect(graph.constants).toEqual([
      { name: 'w', type: 'float32', shape: [8, 3, 3, 3] },
      { name: 'b', type: 'float32', shape: [8] },
      { name: 't', type: 'int64', shape: [3], values: [2, -1, 6] },
    ]);
    // 2 · 8 · 16 · 12 elements in rows of 6.
    expect(graph.tensors.at(-1)).toEqual({ name: 'y', type: 'float32', shape: [2, 256, 6] });
  });
});

describe('functions', () => {
  it('are inlined with their attributes, given and default', async () => {
    const graph = await read('functions');
    expect(operators(graph).filter((o) => o !== 'Identity')).toEqual([
      ...['Conv', 'LeakyRelu', 'Sigmoid', 'Mul'],
      ...['Conv', 'LeakyRelu', 'Sigmoid', 'Mul'],
      ...['LeakyRelu', 'Sigmoid', 'Mul', 'GlobalAveragePool'],
    ]);
    const [first, second] = graph.nodes.filter((n) => n.operator === 'Conv');
    expect(first).toMatchObject({
      name: 'first',
      inputs: ['x', 'w', 'b'],
      attributes: { strides: [2, 2], pads: [1, 1, 1, 1] },
    });
    expect(second).toMatchObject({ name: 'second', inputs: ['h', 'v'], attributes: { strides: [1, 1] } });
    const slopes = graph.nodes.filter((n) => n.operator === 'LeakyRelu').map((n) => n.attributes['alpha']);
    expect(slopes).toEqual([0.2, 0.2, 0.2].map(Math.fround));
  });
});

describe('Constant', () => {
  it('in each of its forms becomes a constant', async () => {
    const graph = await read('constants');
    expect(graph.constants.toSorted((one, other) => one.name.localeCompare(other.name))).toEqual([
      { name: 'a', type: 'int64', shape: [2], values: [2, 3] },
      { name: 'b', type: 'int64', shape: [2], values: [3, 2] },
      { name: 'c1', type: 'int64', shape: [1], values: [1] },
      { name: 'd', type: 'float32', shape: [], values: [0.5] },
      { name: 'e', type: 'float32', shape: [2] },
      { name: 'f', type: 'float32', shape: [6] },
      { name: 'fullf', type: 'float32', shape: [2, 3] },
    ]);
    expect(described(graph)).toMatchObject({ y: ['float32', 2, 1, 2], z: ['float32', 6], fullf: ['float32', 2, 3] });
  });
});

describe('a branch', () => {
  it('whose condition follows from shapes is taken', async () => {
    const graph = await read('branch');
    expect(graph.nodes).toEqual([
      { operator: 'Mul', inputs: ['x', 'branch1/half'], outputs: ['branch1/scaled'], attributes: {} },
      { operator: 'Relu', inputs: ['branch1/scaled'], outputs: ['branch1/ty'], attributes: {} },
      { operator: 'Identity', inputs: ['branch1/ty'], outputs: ['y'], attributes: {} },
      { operator: 'Neg', inputs: ['y'], outputs: ['z'], attributes: {} },
    ]);
    expect(graph.constants).toEqual([{ name: 'branch1/half', type: 'float32', shape: [], values: [0.5] }]);
  });
});

describe('quirks', () => {
  it('of old files are read: constants among the inputs, nodes out of order, typed data, sparse tensors', async () => {
    const graph = await read('quirks', { batch: 2 });
    expect(graph.name).toBe('');
    expect(graph.inputs).toEqual([{ name: 'x', type: 'float32', shape: [2, 8] }]);
    expect(operators(graph)).toEqual(['MatMul', 'Relu', 'Add', 'Reshape', 'Mul']);
    expect(graph.constants).toEqual(
      expect.arrayContaining([
        { name: 'w', type: 'float32', shape: [8, 6] },
        { name: 'bias', type: 'float32', shape: [6] },
        { name: 't', type: 'int64', shape: [3], values: [0, 2, 3] },
        { name: 'h32', type: 'float32', shape: [], values: [0.5] },
      ]),
    );
    expect(graph.constants).toHaveLength(4);
    expect(graph.tensors.at(-1)).toEqual({ name: 'z', type: 'float32', shape: [2, 2, 3] });
  });
});

describe('open dimensions', () => {
  it('are bound by name, by whole shapes or as the batch', async () => {
    const byName = await read('shape-chain');
    expect(await read('shape-chain', { dims: {}, inputs: { x: [2, 3, 32, 24] } })).toEqual(byName);
    expect(await read('shape-chain', { dims: { height: 32 }, batch: 2 })).toEqual(byName);
    expect((await read('shape-chain', { name: 'mine' })).name).toBe('mine');
  });

  it.each([
    [
      { dims: {} },
      'unbound-dimension',
      'dimensions are open: axis 0 ("batch") of input "x"; axis 2 ("height") of input "x"',
    ],
    [{ dims: { batch: 1 } }, 'unbound-dimension', 'dimensions are open: axis 2 ("height") of input "x"'],
    [{ dims: { bach: 1 } }, 'invalid-request', 'no input has a dimension "bach"; there are "batch", "height"'],
    [{ dims: { batch: 0 } }, 'invalid-request', 'dimension "batch": 0 is no length; a whole number from 1 is'],
    [{ inputs: { y: [1] } }, 'invalid-request', 'no input "y"; there are "x"'],
    [{ inputs: { x: [2, 4, 32, 24] } }, 'invalid-request', 'input "x" is [batch,3,height,24], not [2,4,32,24]'],
    [{ inputs: { x: [3, 3, 32, 24] } }, 'invalid-request', 'dimension "batch" is both 2 and 3'],
  ])('with %j: %s', async (options, code, message) => {
    expect(await refusal('shape-chain', options)).toMatchObject({ code, message });
  });

  it('say where each of them is', async () => {
    const issues = [
      { path: 'inputs/x/0', message: 'axis 0 ("batch") of input "x"' },
      { path: 'inputs/x/2', message: 'axis 2 ("height") of input "x"' },
    ];
    expect(await refusal('shape-chain', { dims: {} })).toMatchObject({ issues });
  });

  it('do not let a fixed batch be changed', async () => {
    const message = 'input "x" has a fixed first axis of 1, not 8';
    expect(await refusal('functions', { batch: 8 })).toMatchObject({ code: 'invalid-request', message });
  });
});

describe('refused with node and reason:', () => {
  it.each([
    ['loop', 'unsupported-model', 'node 0 "again" (Loop): control flow: what is run depends on data'],
    ['open-branch', 'unsupported-model', 'node 2 (If): control flow: what is run depends on data'],
    ['cycle', 'invalid-model', 'nodes need each other in a circle, among them the "Add" that makes "a"'],
    [
      'external-shape',
      'unsupported-model',
      'node 1 (Reshape): its shape (input 1) is stored as external data, which is not opened',
    ],
  ])('%s', async (name, code, message) => {
    expect(await refusal(name, name === 'external-shape' ? {} : { dims: {} })).toMatchObject({ code, message });
  });

  it('a file that is no model', async () => {
    const text = bytesAsSource(new TextEncoder().encode('<html>not found</html>'));
    await expect(readOnnx(text)).rejects.toThrowError(/^this is no ONNX model: /);
    await expect(readOnnx(bytesAsSource(new Uint8Array()))).rejects.toThrowError(
      'this is no ONNX model: it has no graph',
    );
  });
});

describe('our own files', () => {
  const random = seededRandom(3);
  const texts = searchSpaces.flatMap((space) =>
    [space.example, space.format(space.sample(random))].map((text) => [space, text] as const),
  );
  it.each(texts)('%# read as the graph that they were written from', async (space, text) => {
    const network = describeNetwork(space, space.parse(text), { inputSize: usualInputSize(space), batchSize: 1 });
    const graph = await readOnnx(bytesAsSource(modelBytes(network, 5)));
    expect(graphHash(graph)).toBe(graphHash(network.graph));
    expect(graph.tensors).toEqual(network.graph.tensors);
  });
});
