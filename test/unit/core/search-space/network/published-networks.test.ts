import { describe, expect, test } from 'vitest';
import { descriptorOperators } from '#core/descriptor/descriptor-operators.ts';
import { createSession, float32Tensor } from '#core/onnx/session.ts';
import { seededRandom } from '#core/random.ts';
import { fbnetLayers } from '#core/search-space/fbnet/blocks.ts';
import { describeNetwork, describeOperator, type NetworkOptions } from '#core/search-space/network/describe.ts';
import type { Network } from '#core/search-space/network/network.ts';
import { modelBytes } from '#core/search-space/network/with-weights.ts';
import { ofaBlockChoices, ofaResolutions, ofaSides, ofaSlots, squeezeChannels } from '#core/search-space/ofa/blocks.ts';
import { searchSpace } from '#core/search-space/registry.ts';

const cifar = { inputSize: 32, batchSize: 1 };
const imagenet = { inputSize: 224, batchSize: 1 };
const ofaOptions = { inputSize: null, batchSize: 1 };

function networkOf(id: string, text: string, options: NetworkOptions): Network {
  const space = searchSpace(id);
  return describeNetwork(space, space.parse(text), options);
}

const operatorOf = (id: string, key: string, options: NetworkOptions): Network =>
  describeOperator(searchSpace(id), key, options);

/** Runs the network once, with weights. */
async function runOnce(network: Network): Promise<{ shape: readonly number[]; values: Float32Array }> {
  const { graph } = network;
  const session = await createSession(modelBytes(network, 0));
  const random = seededRandom(1);
  const { name, shape } = graph.inputs[0]!;
  const count = shape.reduce((product, d) => product * d, 1);
  const input = float32Tensor(
    Float32Array.from({ length: count }, () => random.normal()),
    shape,
  );
  const outputs = await session.run({ [name]: input });
  const output = outputs[graph.outputs[0]!]!;
  await session.release();
  return { shape: output.dims, values: output.data as Float32Array };
}

const outputShape = ({ graph }: Network) => graph.tensors.find(({ name }) => name === graph.outputs[0])!.shape;

/** Counts from the graph's own tensors, not from the builder's sums: weights, biases, scale and shift. */
function countParameters({ graph }: Network): number {
  const trained = new Set(
    graph.nodes.flatMap((node) => {
      if (node.operator === 'Conv' || node.operator === 'Gemm') return node.inputs.slice(1);
      return node.operator === 'BatchNormalization' ? node.inputs.slice(1, 3) : [];
    }),
  );
  return graph.constants
    .filter((constant) => trained.has(constant.name))
    .reduce((sum, constant) => sum + constant.shape.reduce((product, d) => product * d, 1), 0);
}

describe('NAS-Bench-201 against the published figures for CIFAR-10', () => {
  const everywhere = (op: string): string => `|${op}~0|+|${op}~0|${op}~1|+|${op}~0|${op}~1|${op}~2|`;

  // The benchmark's extremes, params .073306 to 1.531546 M and FLOPs 7.78305 to 220.11969 M (minima and maxima of its
  // table, in the README of PhMueller/MO-HPOBenchExperimentUtils and in EvoXBench), and a cell of three convolutions,
  // .802426 M params (D-X-Y/NATS-Bench, issue 36) and by hand 7,783,050 + 3 · 15 · 2,359,296 multiply-accumulates.
  test.each([
    [everywhere('nor_conv_3x3'), 1_531_546, 220_119_690],
    [everywhere('none'), 73_306, 7_783_050],
    [everywhere('avg_pool_3x3'), 73_306, 7_783_050],
    ['|skip_connect~0|+|none~0|nor_conv_3x3~1|+|avg_pool_3x3~0|nor_conv_3x3~1|nor_conv_3x3~2|', 802_426, 113_951_370],
  ])('%s', async (cell, parameters, macs) => {
    const network = networkOf('nasbench201', cell, cifar);
    expect(network.parameters).toBe(parameters);
    expect(network.macs).toBe(macs);
    expect(countParameters(network)).toBe(parameters);
    const { shape, values } = await runOnce(network);
    expect(shape).toEqual([1, 10]);
    expect(values.every(Number.isFinite)).toBe(true);
  });

  test('another input size and batch size', async () => {
    const network = networkOf('nasbench201', everywhere('skip_connect'), { inputSize: 64, batchSize: 3 });
    expect((await runOnce(network)).shape).toEqual([3, 10]);
    expect(() => networkOf('nasbench201', everywhere('none'), { ...cifar, inputSize: 30 })).toThrow(/steps of 4/);
  });

  test('a cell in which nothing reaches the output answers alike whatever the image is', async () => {
    const network = networkOf('nasbench201', everywhere('none'), { ...cifar, batchSize: 2 });
    const { values } = await runOnce(network);
    expect(Array.from(values.slice(0, 10))).toEqual(Array.from(values.slice(10)));
  });
});

describe('the operators of the descriptor', () => {
  // Stage s works at 32 / 2^(s−1) pixels with 16·2^(s−1) channels.
  const outputShapes: Record<string, number[]> = {
    'backbone/stem': [1, 16, 32, 32],
    'backbone/resblock1': [1, 32, 16, 16],
    'backbone/resblock2': [1, 64, 8, 8],
    'backbone/pool': [1, 64, 1, 1],
    'backbone/lastact': [1, 64, 8, 8],
    'backbone/classifier': [1, 10],
  };

  test.each(descriptorOperators.nasbench201)('%s runs and has its shape', async (key) => {
    const network = operatorOf('nasbench201', key, cifar);
    const stage = Number(/^stage(\d)/.exec(key)?.[1] ?? 0);
    const { shape, values } = await runOnce(network);
    expect(shape).toEqual(outputShapes[key] ?? [1, 8 * 2 ** stage, 64 / 2 ** stage, 64 / 2 ** stage]);
    expect(shape).toEqual(outputShape(network));
    expect(values.every(Number.isFinite)).toBe(true);
  });

  test('the parts add up to the whole: 5 cells of 6 edges in 3 stages, and the backbone', () => {
    const cell = '|nor_conv_3x3~0|+|nor_conv_3x3~0|nor_conv_3x3~1|+|nor_conv_3x3~0|nor_conv_3x3~1|nor_conv_3x3~2|';
    const whole = networkOf('nasbench201', cell, cifar);
    const part = (key: string): Network => operatorOf('nasbench201', key, cifar);
    const stages = [1, 2, 3].map((stage) => part(`stage${stage}/nor_conv_3x3`));
    const backbone = descriptorOperators.nasbench201.filter((key) => key.startsWith('backbone/')).map(part);
    const sum = (of: (network: Network) => number): number =>
      stages.reduce((total, network) => total + 30 * of(network), 0) + backbone.reduce((total, n) => total + of(n), 0);
    expect(sum((network) => network.parameters)).toBe(whole.parameters);
    expect(sum((network) => network.macs)).toBe(whole.macs);
  });

  test('an operator that there is not', () => {
    expect(() => operatorOf('nasbench201', 'stage4/none', cifar)).toThrow(/stage4\/none/);
    expect(() => operatorOf('fbnet', 'stage1/none', imagenet)).toThrow(/there are: none/);
  });
});

describe('FBNet against the networks of its paper', () => {
  const published = {
    // As in facebookresearch/mobile-vision, fbnet_modeldef_cls.py.
    a: 'skip,k3_e3,k3_e1,skip,skip,k5_e6,k3_e3,k5_e1,k3_e3,k5_e6,k5_e3,k5_e1_g2,k5_e6,k3_e6,k5_e1_g2,k5_e3,k3_e1_g2,k5_e6,k5_e6,k5_e3,k5_e6,k5_e6',
    // As fbnetc_100 of pytorch-image-models.
    c: 'k3_e1,k3_e6,skip,k3_e1,k3_e1,k5_e6,k5_e3,k5_e6,k3_e6,k5_e6,k5_e3,k5_e6,k5_e6,k5_e6,k5_e6,k5_e6,k5_e3,k5_e6,k5_e6,k5_e6,k5_e6,k3_e6',
  };

  test('FBNet-C has its 5,572,200 parameters (github.com/osmr/imgclsmob) and 1000 outputs', async () => {
    const network = networkOf('fbnet', published.c, imagenet);
    expect(network.parameters).toBe(5_572_200);
    expect(countParameters(network)).toBe(5_572_200);
    expect((await runOnce(network)).shape).toEqual([1, 1000]);
  });

  test('FBNet-A, with its head of 1504 channels, has 4.3 M parameters and 249 M multiply-accumulates (paper, table 3)', () => {
    const network = networkOf('fbnet', published.a, imagenet);
    const fewer = 1984 - 1504;
    expect((network.parameters - fewer * (352 + 2 + 1000)) / 1e6).toBeCloseTo(4.3, 1);
    expect(Math.floor((network.macs - fewer * (352 * 7 * 7 + 1000)) / 1e6)).toBe(249);
  });

  test('grouped blocks with their shuffle run, at another size too', async () => {
    const grouped = fbnetLayers.map((_, i) => (i % 2 === 0 ? 'k3_e1_g2' : 'k5_e1_g2')).join(',');
    const network = networkOf('fbnet', grouped, { inputSize: 64, batchSize: 2 });
    const { shape, values } = await runOnce(network);
    expect(shape).toEqual([2, 1000]);
    expect(values.every(Number.isFinite)).toBe(true);
    expect(() => networkOf('fbnet', grouped, { ...imagenet, inputSize: 100 })).toThrow(/steps of 32/);
  });
});

describe('Once-for-All', () => {
  const uniform = (block: string, depth: number, resolution: number): string =>
    [`r${resolution}`, ...new Array<string>(5).fill(new Array<string>(depth).fill(block).join('-'))].join('|');

  test('its searched blocks cost what expansion, depthwise, projection and gate do, added up', () => {
    const text = 'r204|k7e6-k5e4|k7e6-k7e3|k5e3-k7e6|k5e3-k3e6|k5e6-k3e4-k5e3';
    const network = networkOf('ofa', text, ofaOptions);
    const architecture = searchSpace('ofa').parse(text);
    const sides = ofaSides(ofaResolutions[architecture[0]!]!);
    let macs = 0;
    for (const [s, slot] of ofaSlots.entries()) {
      const choice = architecture[1 + s]!;
      if (choice === 0) continue;
      const { kernelSize, expansion } = ofaBlockChoices[choice - 1]!;
      const hidden = slot.inputChannels * expansion;
      const [before, after] = [sides[slot.inputLevel]! ** 2, sides[slot.outputLevel]! ** 2];
      macs += slot.inputChannels * hidden * before + (kernelSize ** 2 * hidden + hidden * slot.outputChannels) * after;
      if (slot.squeezeExcite) macs += 2 * hidden * squeezeChannels(hidden);
    }
    // Around them, by hand at 204 pixels: stem 3·16·9·102², fixed block 16·9·102² + 16·16·102², expansion 160·960·7²,
    // mix 960·1280, classifier 1280·1000 + 1000.
    const around = (3 * 16 * 9 + 16 * 9 + 16 * 16) * 102 ** 2 + 160 * 960 * 7 ** 2 + 960 * 1280 + 1280 * 1000 + 1000;
    expect(network.macs).toBe(macs + around);
    expect(countParameters(network)).toBe(network.parameters);
  });

  test.each([
    [uniform('k3e3', 2, 128), 128],
    [uniform('k7e6', 4, 132), 132],
  ])('%s runs at its own resolution', async (text, resolution) => {
    const network = networkOf('ofa', text, ofaOptions);
    expect(network.graph.inputs[0]!.shape).toEqual([1, 3, resolution, resolution]);
    const { shape, values } = await runOnce(network);
    expect(shape).toEqual([1, 1000]);
    expect(values.every(Number.isFinite)).toBe(true);
  });

  test('an input size beside the one that it states is refused', () => {
    expect(() => networkOf('ofa', uniform('k3e3', 2, 128), imagenet)).toThrow(/states its own/);
  });
});
