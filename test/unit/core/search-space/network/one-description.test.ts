// The graph that is predicted and the model that is measured come of one description. Held together here: the model's
// bytes, read by an independent decoder, say what the graph says; ONNX Runtime computes tensors of the graph's shapes;
// the network's parts are its nodes; and the bytes are those that devices have measured since version 0.1.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { OperatorGraph } from '#core/graph/operator-graph.ts';
import { createSession, float32Tensor } from '#core/onnx/session.ts';
import { encodeModel } from '#core/onnx/writer.ts';
import { seededRandom } from '#core/random.ts';
import {
  describeBlocks,
  describeNetwork,
  describeOperator,
  operatorKeys,
} from '#core/search-space/network/describe.ts';
import { usualInputSize } from '#core/search-space/network/input-size.ts';
import type { Network } from '#core/search-space/network/network.ts';
import { modelBytes, withWeights } from '#core/search-space/network/with-weights.ts';
import { searchSpace, searchSpaces } from '#core/search-space/registry.ts';
import { decodeModel, graphOf } from '../../onnx/decode-model.ts';

const grouped = Array.from({ length: 22 }, (_, i) => ['k3_e1_g2', 'skip', 'k5_e1_g2'][i % 3]!).join(',');

/** Every operator of every descriptor, the example of every space and some drawn architectures. */
const networks: readonly (readonly [name: string, network: Network])[] = searchSpaces.flatMap((space) => {
  const random = seededRandom(17);
  const options = { inputSize: usualInputSize(space), batchSize: 2 };
  const drawn = Array.from({ length: 5 }, () => space.format(space.sample(random)));
  const texts = [space.example, ...(space.id === 'fbnet' ? [grouped] : []), ...drawn];
  return [
    ...texts.map((text) => [text, describeNetwork(space, space.parse(text), options)] as const),
    ...operatorKeys(space).map((key) => [key, describeOperator(space, key, options)] as const),
  ];
});

const shapesOf = ({ inputs, constants, tensors }: OperatorGraph): Map<string, readonly number[]> =>
  new Map([...inputs, ...constants, ...tensors].map(({ name, shape }) => [name, shape]));

describe('the file says what the graph says', () => {
  test.each(networks)('%s', (_, network) => {
    const { graph } = network;
    const model = decodeModel(modelBytes(network, 1));
    expect(Number(model.opsetImport.find(({ domain }) => domain === '')!.version)).toBe(graph.opset);
    const file = graphOf(model.graph!);
    const plain = (attribute: object): unknown => Object.values(attribute)[0];
    expect(
      file.nodes.map(({ operator, inputs, outputs, attributes = {} }) => ({
        operator,
        inputs,
        outputs,
        attributes: Object.fromEntries(Object.entries(attributes).map(([name, value]) => [name, plain(value)])),
      })),
    ).toEqual(graph.nodes);
    expect(file.initializers.map(({ name, dataType, shape }) => ({ name, type: dataType, shape }))).toEqual(
      graph.constants.map(({ name, type, shape }) => ({ name, type, shape })),
    );
    for (const [i, { values, type }] of graph.constants.entries()) {
      expect(network.fills[i] === undefined).toBe(values !== undefined);
      if (values === undefined) continue;
      const { bytes } = file.initializers[i]!;
      const own = bytes.slice().buffer;
      expect(Array.from(type === 'int64' ? new BigInt64Array(own) : new Float32Array(own), Number)).toEqual(values);
    }
    expect(file.inputs.map(({ name, dataType: type, shape }) => ({ name, type, shape }))).toEqual(graph.inputs);
    const shapes = shapesOf(graph);
    expect(file.outputs.map(({ name, shape }) => [name, shape])).toEqual(
      graph.outputs.map((name) => [name, shapes.get(name)]),
    );
  });
});

describe('ONNX Runtime computes tensors of the shapes that the graph states', () => {
  test.each([
    ['nasbench201', searchSpace('nasbench201').example, 8],
    ['nasbench201', '|none~0|+|none~0|none~1|+|none~0|none~1|none~2|', 12],
    ['fbnet', searchSpace('fbnet').example, 64],
    ['fbnet', grouped, 32],
    ['ofa', 'r132|k7e6-k5e4|k7e6-k7e3|k5e3-k7e6|k5e3-k3e6|k5e6-k3e4-k5e3', null],
  ] as const)('%s %s', async (id, text, inputSize) => {
    const space = searchSpace(id);
    const network = describeNetwork(space, space.parse(text), { inputSize, batchSize: 2 });
    const { graph } = network;
    // Every tensor in between is made an output, declared without dimensions that could be checked against.
    const weighted = withWeights(network, 0);
    const outputs = graph.tensors.map(({ name, shape }) => ({
      name,
      dataType: 'float32' as const,
      shape: shape.map((_, i) => `${name}_${i}`),
    }));
    const session = await createSession(encodeModel({ ...weighted, outputs }, graph.opset));
    const { name, shape } = graph.inputs[0]!;
    const count = shape.reduce((product, d) => product * d, 1);
    const computed = await session.run({ [name]: float32Tensor(new Float32Array(count).fill(0.5), shape) });
    expect(graph.tensors.map((tensor) => [tensor.name, computed[tensor.name]!.dims])).toEqual(
      graph.tensors.map((tensor) => [tensor.name, tensor.shape]),
    );
    expect(graph.tensors.map((tensor) => tensor.name)).toEqual(graph.nodes.flatMap((node) => node.outputs));
    await session.release();
  });
});

describe('the blocks of a network', () => {
  test('a cell is one block, five times a stage', () => {
    const space = searchSpace('nasbench201');
    const blocks = describeBlocks(space, space.parse(space.example), { inputSize: 32, batchSize: 1 });
    const cells = blocks.filter(({ key }) => key.startsWith('nasbench201/cell'));
    expect(cells.map(({ key, count }) => [key, count])).toEqual([
      [`nasbench201/cell ${space.example} @1x16x32x32`, 5],
      [`nasbench201/cell ${space.example} @1x32x16x16`, 5],
      [`nasbench201/cell ${space.example} @1x64x8x8`, 5],
    ]);
  });

  test('FBNet’s `skip` is no block where the shape stays', () => {
    const space = searchSpace('fbnet');
    const keys = (text: string) =>
      describeBlocks(space, space.parse(text), { inputSize: 224, batchSize: 1 }).map(({ key }) => key);
    // Six of the 22 layers change the shape: the first of every stage but that of 16 channels, by the paper's table.
    expect(keys(Array(22).fill('skip').join(','))).toHaveLength(2 + 6);
    expect(keys(Array(22).fill('k3_e1').join(','))).toHaveLength(2 + 22);
  });
});

test('a model’s bytes are what devices have measured', () => {
  const file = new URL('../../../../fixtures/networks/model-hashes.json', import.meta.url);
  const golden: readonly {
    readonly searchSpace: string;
    readonly architecture?: string;
    readonly operator?: string;
    readonly inputSize: number | null;
    readonly batchSize: number;
    readonly seed: number;
    readonly sha256: string;
  }[] = JSON.parse(readFileSync(file, 'utf8'));
  expect(new Set(golden.map((entry) => entry.searchSpace)).size).toBe(3);
  for (const { searchSpace: id, architecture, operator, seed, sha256, ...options } of golden) {
    const space = searchSpace(id);
    const network =
      operator === undefined
        ? describeNetwork(space, space.parse(architecture!), options)
        : describeOperator(space, operator, options);
    const digest = createHash('sha256').update(modelBytes(network, seed)).digest('hex');
    expect(digest, `${id} ${architecture ?? operator}`).toBe(sha256);
  }
});

test('another seed gives other weights and the same graph', () => {
  for (const space of searchSpaces) {
    const options = { inputSize: usualInputSize(space), batchSize: 1 };
    const network = describeNetwork(space, space.sample(seededRandom(5)), options);
    const [a, b, other] = [3, 3, 4].map((seed) => modelBytes(network, seed));
    expect(Buffer.compare(a!, b!)).toBe(0);
    expect(Buffer.compare(a!, other!)).not.toBe(0);
    expect(a!.length).toBe(other!.length);
  }
});

test('a chain whose blocks do not fit is a mistake that shows', () => {
  const space = searchSpace('nasbench201');
  const { networks: own } = space;
  if (own.inputSizes === null) throw new Error('nasbench201 takes an input size');
  const chain: typeof own.chain = (architecture, inputSize) => {
    const { name, blocks } = own.chain(architecture, inputSize);
    return { name, blocks: blocks.toSpliced(1, 0, { ...blocks[1]!, channels: 17 }) };
  };
  const broken = { ...space, networks: { ...own, chain } };
  expect(() => describeNetwork(broken, space.parse(space.example), { inputSize: 32, batchSize: 1 })).toThrow(
    /takes 17 × 32 × 32; it is given \[1,16,32,32\]/,
  );
});
