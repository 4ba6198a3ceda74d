// Counts put together from blocks are those of lowering the whole network, under every lowering; and what one block
// adds, by hand.
import { describe, expect, test } from 'vitest';
import { type LoweringId, loweringIds } from '#core/graph/lowerings.ts';
import { blockCounter, countGraph } from '#core/predictor/kernels/count-kernels.ts';
import { countedBlock, type Layout } from '#core/predictor/kernels/counted-block.ts';
import { type CountRow, type KernelTable, kernelKey, kernelTable } from '#core/predictor/kernels/kernel-table.ts';
import { rowSums } from '#core/predictor/kernels/row-sums.ts';
import { seededRandom } from '#core/random.ts';
import { chainOf, describeNetwork } from '#core/search-space/network/describe.ts';
import type { Layers } from '#core/search-space/network/layers.ts';
import type { Block } from '#core/search-space/network/network.ts';
import { searchSpace } from '#core/search-space/registry.ts';
import type { Architecture, SearchSpace } from '#core/search-space/search-space.ts';
import { toy } from '../../../recipes/toy/space.ts';

const fbnet = searchSpace('fbnet');
const ofa = searchSpace('ofa');

/** Kernel → launches, sorted. */
const launches = ({ kernels: all }: KernelTable, { kernels, counts }: CountRow): string[] =>
  [...kernels].map((k, i) => `${kernelKey(all[k]!)}: ${counts[i]}`).sort();

/** By blocks, all of them with one counter, and whole. */
function expectExact(
  space: SearchSpace,
  architectures: readonly Architecture[],
  inputSize: number | null,
  lowerings: readonly LoweringId[] = loweringIds,
): void {
  const table = kernelTable();
  const counter = blockCounter(table, lowerings);
  const options = { inputSize, batchSize: 1 };
  for (const architecture of architectures) {
    const rows = counter.count(space, architecture, options);
    const whole = kernelTable();
    const expected = countGraph(whole, describeNetwork(space, architecture, options).graph, lowerings);
    for (const [l, lowering] of lowerings.entries()) {
      expect(launches(table, rows[l]!), `${space.format(architecture)}, ${lowering}`).toEqual(
        launches(whole, expected[l]!),
      );
    }
  }
}

const drawn = (space: SearchSpace, count: number, seed: number): Architecture[] => {
  const random = seededRandom(seed);
  return Array.from({ length: count }, () => space.sample(random));
};

describe('networks counted by blocks launch what they launch when they are lowered whole', () => {
  test('60 of FBNet', () => expectExact(fbnet, drawn(fbnet, 60, 1), 224), 300_000);
  test('60 of Once-for-All', () => expectExact(ofa, drawn(ofa, 60, 2), null), 300_000);
  test('maps of one pixel at the end', () => expectExact(fbnet, drawn(fbnet, 5, 3), 32), 60_000);
  test('odd sizes', () => expectExact(fbnet, drawn(fbnet, 5, 4), 352), 60_000);

  test('FBNet: every block everywhere, and plain maps in turn with blocked ones', () => {
    const everywhere = fbnetNames.map((name) => Array.from({ length: 22 }, () => name));
    const inTurn = Array.from({ length: 22 }, (_, l) => (l % 2 === 0 ? 'k5_e1_g2' : 'k3_e6'));
    const plainFirst = Array.from({ length: 22 }, (_, l) => (l % 4 === 1 ? 'k3_e1_g2' : 'k3_e3'));
    const texts = [...everywhere, inTurn, plainFirst].map((names) => names.join(','));
    expectExact(
      fbnet,
      texts.map((text) => fbnet.parse(text)),
      224,
    );
  }, 120_000);

  test('Once-for-All: deepest, shallowest, every block everywhere', () => {
    const of = (resolution: number, block: string, depth: number) =>
      ofa.parse(`r${resolution}|${Array.from({ length: 5 }, () => Array(depth).fill(block).join('-')).join('|')}`);
    const everywhere = [3, 5, 7].flatMap((k) => [3, 4, 6].map((e) => of(172, `k${k}e${e}`, 3)));
    expectExact(ofa, [of(224, 'k7e6', 4), of(128, 'k3e3', 2), ...everywhere], null);
  }, 120_000);

  test('pools for blocks', () => {
    const space = { ...toy, enumerate: undefined } as unknown as SearchSpace;
    expectExact(space, drawn(space, 10, 5), 16);
  });
});

const fbnetNames = ['k3_e1', 'k3_e1_g2', 'k3_e3', 'k3_e6', 'k5_e1', 'k5_e1_g2', 'k5_e3', 'k5_e6', 'skip'];

describe('what one block adds, under blocks of 16 channels', () => {
  const residual = chainOf(fbnet, fbnet.parse(Array.from({ length: 22 }, () => 'k3_e1').join(',')), 224).blocks[1]!;
  const stepOf = (input: Layout) => {
    const table = kernelTable();
    const options = { table, lowerings: ['onnxruntime-all'] as const, batchSize: 1, sumOf: rowSums() };
    const { gained, layout } = countedBlock(residual, options).steps([input])[0]!;
    const gains = [...gained.kernels].map((k, i) => {
      const { operator, kind, activation, addends } = table.kernels[k]!;
      return `${gained.counts[i]} ${operator} ${kind} ${activation ?? ''}${addends > 0 ? 'sum' : ''}`.trimEnd();
    });
    return { gains: gains.sort(), layout };
  };

  // Expansion, depthwise and projection, the sum within the last. The end of the chain is returned plain before as
  // after: the two reorders are of one shape and cancel. The convolution that stands for the chain before cancels too.
  test('to a blocked map', () => {
    expect(stepOf('blocked')).toEqual({
      gains: ['1 Conv convolution Relu', '1 Conv convolution sum', '1 Conv depthwise-convolution Relu'],
      layout: 'blocked',
    });
  });

  // The input is reordered for the expansion, the projection is reordered back, and the sum stands alone on plain maps.
  test('to a plain map', () => {
    expect(stepOf('plain')).toEqual({
      gains: [
        '1 Add sum',
        '1 Conv convolution',
        '1 Conv convolution Relu',
        '1 Conv depthwise-convolution Relu',
        '1 ReorderInput reorder',
        '1 ReorderOutput reorder',
      ],
      layout: 'plain',
    });
  });
});

describe('seams that kernels span', () => {
  type Build = Block['build'];
  const block = (name: string, build: Build): Block => ({ name, channels: 16, size: 8, build });
  const pointwise = (layers: Layers, x: Parameters<Build>[1]) => layers.convolution(x, { channels: 16, kernelSize: 1 });
  const convolution = block('convolution', pointwise);
  const relu = block('relu', (layers, x) => layers.relu(x));
  const normalization = block('normalization', (layers, x) => layers.batchNormalization(x));
  const zeros = block('zeros', (layers, x) => layers.relu(layers.zero(pointwise(layers, x))));
  const identity = block('identity', (layers, x) => layers.identity(pointwise(layers, x)));
  const nothing = block('nothing', (_, x) => x);

  test.each([
    [convolution, true, true],
    [relu, false, true],
    [normalization, false, true],
    [zeros, true, false],
    [identity, true, false],
    [nothing, false, false],
  ])('$name', (own, startsSealed, endsSealed) => {
    const options = { table: kernelTable(), lowerings: ['fused'] as const, batchSize: 1, sumOf: rowSums() };
    expect(countedBlock(own, options)).toMatchObject({ startsSealed, endsSealed });
  });

  test('such a network is lowered whole', () => {
    const blocks = [convolution, normalization, relu, convolution, identity, relu, zeros, convolution];
    const networks = { ...fbnet.networks, chain: () => ({ name: 'joined', blocks }) };
    expectExact({ ...fbnet, networks }, drawn(fbnet, 1, 6), 32);
  });
});
