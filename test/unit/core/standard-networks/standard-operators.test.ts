// The standard operators: what they span, that what is measured is what is said of it, and that keys stay.
import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { graphHash } from '#core/graph/graph-hash.ts';
import { lower } from '#core/graph/lower.ts';
import { loweringIds } from '#core/graph/lowerings.ts';
import { bytesAsSource } from '#core/graph/onnx-file/byte-source.ts';
import { readOnnx } from '#core/graph/read-onnx.ts';
import { defaultLowerings } from '#core/predictor/hypotheses.ts';
import { classesOf, kernelClassNames } from '#core/predictor/kernels/kernel-classes.ts';
import { modelBytes } from '#core/search-space/network/with-weights.ts';
import { standardOperators } from '#core/standard-networks/standard-operators.ts';

const macsOf = (key: string, batchSize = 1): number =>
  lower(standardOperators.find((each) => each.key === key)!.describe(batchSize).graph, 'fused').reduce(
    (sum, { kernel, count }) => sum + count * kernel.macs,
    0,
  );

test('they are 64, and a key is one graph for good: another operator is another key, another list another name', () => {
  const told = standardOperators.map(({ key, describe: drawn }) => `${key} ${graphHash(drawn(1).graph)}`);
  expect(new Set(told.map((line) => line.split(' ')[0])).size).toBe(64);
  expect(new Set(told.map((line) => line.split(' ')[1])).size).toBe(64);
  expect(createHash('sha256').update(told.join('\n')).digest('hex')).toBe(
    '86bc63b341f99f90dd6f9c0f35b42d55df134d872d9a36fbff9401e15fe04727',
  );
});

test('a key says what is computed', () => {
  expect(macsOf('convolution/3x3_s2_64_128_at_56_relu')).toBe(128 * 64 * 3 * 3 * 28 * 28);
  expect(macsOf('grouped/3x3_g10_80_80_at_14')).toBe(80 * 8 * 3 * 3 * 14 * 14);
  expect(macsOf('depthwise/3x3_s2_144_at_56')).toBe(144 * 3 * 3 * 28 * 28);
  expect(macsOf('batched/3x197x64x197')).toBe(3 * 197 * 64 * 197);
  expect(macsOf('batched/3x197x64x197', 4)).toBe(4 * 3 * 197 * 64 * 197);
  expect(macsOf('dense/2048_1000')).toBe(2048 * 1000);
});

test('between them they have kernels of every class that networks of 32-bit floats without recurrence have', () => {
  const found = new Set(
    standardOperators.flatMap(({ describe: drawn }) => {
      const { graph } = drawn(1);
      return defaultLowerings.flatMap((lowering) => lower(graph, lowering).flatMap(({ kernel }) => classesOf(kernel)));
    }),
  );
  const missing = kernelClassNames.filter((name) => !found.has(name));
  // The run's constant is no kernel of a lowering; attention is one only where it comes in one node.
  expect(missing).toEqual(['recurrent', 'attention', 'quantize', 'other', 'run', 'half-precision', 'eight-bit']);
});

describe.each(standardOperators)('$key', ({ describe: drawn }) => {
  test('is read back from the file that is measured as its graph', async () => {
    const network = drawn(1);
    const read = await readOnnx(bytesAsSource(modelBytes(network, 0)));
    expect(graphHash(read)).toBe(graphHash(network.graph));
  });

  test('launches known kernels under every lowering, and few', () => {
    for (const id of loweringIds) {
      const launched = lower(drawn(2).graph, id);
      expect(launched.length, id).toBeGreaterThan(0);
      expect(launched.length, id).toBeLessThan(8);
      expect(launched.filter(({ kernel }) => kernel.kind === 'other')).toEqual([]);
    }
  });

  test('is small: at most 150 million multiply-accumulates and 20 MB of weights', () => {
    const launched = lower(drawn(1).graph, 'eager');
    expect(launched.reduce((sum, { kernel, count }) => sum + count * kernel.macs, 0)).toBeLessThan(150e6);
    expect(launched.reduce((sum, { kernel }) => sum + kernel.weightBytes, 0)).toBeLessThan(20e6);
  });
});
