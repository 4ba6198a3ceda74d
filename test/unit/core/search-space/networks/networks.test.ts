import { describe, expect, test } from 'vitest';
import { descriptorOperators } from '#core/descriptor/operators.ts';
import { createSession, float32Tensor } from '#core/onnx/session.ts';
import { encodeModel } from '#core/onnx/writer.ts';
import { seededRandom } from '#core/random.ts';
import { fbnetLayers } from '#core/search-space/fbnet-blocks.ts';
import { buildNetwork, buildOperator, usualInputSize } from '#core/search-space/networks/build-network.ts';
import type { Network } from '#core/search-space/networks/layers.ts';
import { ofaBlockChoices, ofaBlockCost, ofaResolutions, ofaSides, ofaSlots } from '#core/search-space/ofa-blocks.ts';
import { searchSpaces } from '#core/search-space/registry.ts';

const cifar = { inputSize: 32, batchSize: 1, seed: 0 };
const imagenet = { inputSize: 224, batchSize: 1, seed: 0 };
const ofaOptions = { inputSize: null, batchSize: 1, seed: 0 };

/** Runs the network once. */
async function run(network: Network): Promise<{ shape: readonly number[]; values: Float32Array }> {
  const session = await createSession(encodeModel(network.graph));
  const random = seededRandom(1);
  const count = network.input.shape.reduce((product, d) => product * d, 1);
  const input = float32Tensor(
    Float32Array.from({ length: count }, () => random.normal()),
    network.input.shape,
  );
  const outputs = await session.run({ [network.input.name]: input });
  const output = outputs[network.output.name]!;
  await session.release();
  return { shape: output.dims, values: output.data as Float32Array };
}

/** Counts from the built bytes' own tensors, not from the builder's sums: weights, biases, scale and shift. */
function countParameters(network: Network): number {
  const trained = new Set(
    network.graph.nodes.flatMap((node) => {
      if (node.operator === 'Conv' || node.operator === 'Gemm') return node.inputs.slice(1);
      return node.operator === 'BatchNormalization' ? node.inputs.slice(1, 3) : [];
    }),
  );
  return network.graph.initializers
    .filter((initializer) => trained.has(initializer.name))
    .reduce((sum, initializer) => sum + initializer.shape.reduce((product, d) => product * d, 1), 0);
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
    const network = buildNetwork('nasbench201', cell, cifar);
    expect(network.parameters).toBe(parameters);
    expect(network.macs).toBe(macs);
    expect(countParameters(network)).toBe(parameters);
    const { shape, values } = await run(network);
    expect(shape).toEqual([1, 10]);
    expect(values.every(Number.isFinite)).toBe(true);
  });

  test('another input size and batch size', async () => {
    const network = buildNetwork('nasbench201', everywhere('skip_connect'), { inputSize: 64, batchSize: 3, seed: 0 });
    expect((await run(network)).shape).toEqual([3, 10]);
    expect(() => buildNetwork('nasbench201', everywhere('none'), { ...cifar, inputSize: 30 })).toThrow(/steps of 4/);
  });

  test('a cell in which nothing reaches the output answers alike whatever the image is', async () => {
    const network = buildNetwork('nasbench201', everywhere('none'), { ...cifar, batchSize: 2 });
    const { values } = await run(network);
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
    const network = buildOperator('nasbench201', key, cifar);
    const stage = Number(/^stage(\d)/.exec(key)?.[1] ?? 0);
    const { shape, values } = await run(network);
    expect(shape).toEqual(outputShapes[key] ?? [1, 8 * 2 ** stage, 64 / 2 ** stage, 64 / 2 ** stage]);
    expect(shape).toEqual(network.output.shape);
    expect(values.every(Number.isFinite)).toBe(true);
  });

  test('the parts add up to the whole: 5 cells of 6 edges in 3 stages, and the backbone', () => {
    const cell = '|nor_conv_3x3~0|+|nor_conv_3x3~0|nor_conv_3x3~1|+|nor_conv_3x3~0|nor_conv_3x3~1|nor_conv_3x3~2|';
    const whole = buildNetwork('nasbench201', cell, cifar);
    const part = (key: string): Network => buildOperator('nasbench201', key, cifar);
    const stages = [1, 2, 3].map((stage) => part(`stage${stage}/nor_conv_3x3`));
    const backbone = descriptorOperators.nasbench201.filter((key) => key.startsWith('backbone/')).map(part);
    const sum = (of: (network: Network) => number): number =>
      stages.reduce((total, network) => total + 30 * of(network), 0) + backbone.reduce((total, n) => total + of(n), 0);
    expect(sum((network) => network.parameters)).toBe(whole.parameters);
    expect(sum((network) => network.macs)).toBe(whole.macs);
  });

  test('an operator that there is not', () => {
    expect(() => buildOperator('nasbench201', 'stage4/none', cifar)).toThrow(/stage4\/none/);
    expect(() => buildOperator('fbnet', 'stage1/none', imagenet)).toThrow(/there are: none/);
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
    const network = buildNetwork('fbnet', published.c, imagenet);
    expect(network.parameters).toBe(5_572_200);
    expect(countParameters(network)).toBe(5_572_200);
    expect((await run(network)).shape).toEqual([1, 1000]);
  });

  test('FBNet-A, with its head of 1504 channels, has 4.3 M parameters and 249 M multiply-accumulates (paper, table 3)', () => {
    const network = buildNetwork('fbnet', published.a, imagenet);
    const fewer = 1984 - 1504;
    expect((network.parameters - fewer * (352 + 2 + 1000)) / 1e6).toBeCloseTo(4.3, 1);
    expect(Math.floor((network.macs - fewer * (352 * 7 * 7 + 1000)) / 1e6)).toBe(249);
  });

  test('grouped blocks with their shuffle run, at another size too', async () => {
    const grouped = fbnetLayers.map((_, i) => (i % 2 === 0 ? 'k3_e1_g2' : 'k5_e1_g2')).join(',');
    const network = buildNetwork('fbnet', grouped, { inputSize: 64, batchSize: 2, seed: 0 });
    const { shape, values } = await run(network);
    expect(shape).toEqual([2, 1000]);
    expect(values.every(Number.isFinite)).toBe(true);
    expect(() => buildNetwork('fbnet', grouped, { ...imagenet, inputSize: 100 })).toThrow(/steps of 32/);
  });
});

describe('Once-for-All', () => {
  const uniform = (block: string, depth: number, resolution: number): string =>
    [`r${resolution}`, ...new Array<string>(5).fill(new Array<string>(depth).fill(block).join('-'))].join('|');

  test('its searched blocks cost what the cost table of the space says', () => {
    const text = 'r204|k7e6-k5e4|k7e6-k7e3|k5e3-k7e6|k5e3-k3e6|k5e6-k3e4-k5e3';
    const network = buildNetwork('ofa', text, ofaOptions);
    const architecture = searchSpaces.find((space) => space.id === 'ofa')!.parse(text);
    const sides = ofaSides(ofaResolutions[architecture[0]!]!);
    let macs = 0;
    for (const [s, slot] of ofaSlots.entries()) {
      const choice = architecture[1 + s]!;
      if (choice === 0) continue;
      const cost = ofaBlockCost(slot, ofaBlockChoices[choice - 1]!, sides[slot.inputLevel]!, sides[slot.outputLevel]!);
      macs += cost.macs.reduce((sum, kernel) => sum + kernel, 0);
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
    const network = buildNetwork('ofa', text, ofaOptions);
    expect(network.input.shape).toEqual([1, 3, resolution, resolution]);
    const { shape, values } = await run(network);
    expect(shape).toEqual([1, 1000]);
    expect(values.every(Number.isFinite)).toBe(true);
  });

  test('an input size beside the one that it states is refused', () => {
    expect(() => buildNetwork('ofa', uniform('k3e3', 2, 128), imagenet)).toThrow(/states its own/);
  });
});

test('every space builds what it samples, and the same seed gives the same bytes', () => {
  for (const space of searchSpaces) {
    const random = seededRandom(5);
    const options = { inputSize: usualInputSize[space.id], batchSize: 1, seed: 3 };
    const text = space.format(space.sample(random));
    const [a, b] = [0, 1].map(() => encodeModel(buildNetwork(space.id, text, options).graph));
    expect(Buffer.compare(a!, b!)).toBe(0);
    const other = encodeModel(buildNetwork(space.id, text, { ...options, seed: 4 }).graph);
    expect(Buffer.compare(a!, other)).not.toBe(0);
  }
});
