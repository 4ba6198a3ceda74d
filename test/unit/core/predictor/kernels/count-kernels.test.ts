// Counts that are looked up, or put together from blocks, are those of lowering the whole network.
import { describe, expect, test } from 'vitest';
import { lower } from '#core/graph/lower.ts';
import { defaultLowerings } from '#core/predictor/hypotheses.ts';
import { countCache } from '#core/predictor/kernels/count-cache.ts';
import { countGraph } from '#core/predictor/kernels/count-kernels.ts';
import { membershipOf } from '#core/predictor/kernels/kernel-classes.ts';
import { atBatch, kernelFeatures } from '#core/predictor/kernels/kernel-features.ts';
import { type CountRow, type KernelTable, kernelKey, kernelTable } from '#core/predictor/kernels/kernel-table.ts';
import { seededRandom } from '#core/random.ts';
import { describeNetwork } from '#core/search-space/network/describe.ts';
import { searchSpace } from '#core/search-space/registry.ts';
import type { SearchSpaceId } from '#core/search-space/search-space.ts';

/** Kernel → launches. */
const launches = ({ kernels: all }: KernelTable, { kernels, counts }: CountRow) =>
  new Map([...kernels].map((k, i) => [kernelKey(all[k]!), counts[i]!] as const).sort());

function drawn(id: SearchSpaceId, count: number, inputSize: number | null) {
  const space = searchSpace(id);
  const random = seededRandom(4);
  const architectures = Array.from({ length: count }, () => space.sample(random));
  return { space, architectures, workload: { searchSpace: id, inputSize, batchSize: 1 } };
}

test.each([
  ['nasbench201', 32, 40],
  ['nasbench201', 64, 6],
  ['nasbench201', 8, 2],
  ['fbnet', 224, 3],
  ['ofa', null, 2],
] as const)(
  '%s at %s px',
  (id, inputSize, count) => {
    const { space, architectures, workload } = drawn(id, count, inputSize);
    const { table, rows } = countCache(defaultLowerings).count({ workload, architectures });
    architectures.forEach((architecture, i) => {
      const whole = kernelTable();
      const { graph } = describeNetwork(space, architecture, { inputSize, batchSize: 1 });
      countGraph(whole, graph, defaultLowerings).forEach((expected, l) => {
        expect(launches(table, rows[i]![l]!), `${space.format(architecture)}, ${defaultLowerings[l]}`).toEqual(
          launches(whole, expected),
        );
      });
    });
  },
  60_000,
);

test('the first few cells are lowered, all others looked up: their parts are the same launches', () => {
  const { architectures, workload } = drawn('nasbench201', 12, 32);
  const counts = countCache(['eager', 'onnxruntime-all']);
  const launchesOf = (some: typeof architectures) => {
    const { table, rows, byLowering } = counts.parts({ workload, architectures: some }, ['eager', 'onnxruntime-all']);
    const kernels = table.kernels.length;
    const each = [...byLowering.values()].map(({ numbers, ends }) => {
      expect(ends).toEqual(some.map((_, i) => i + 1));
      return numbers.map((number) => launches(table, rows[number]!));
    });
    return { kernels, each };
  };
  const alone = launchesOf(architectures.slice(0, 2));
  expect(launchesOf(architectures.slice(0, 2))).toEqual(alone);
  const all = launchesOf(architectures);
  expect(all.each.map((own) => own.slice(0, 2))).toEqual(alone.each);
  expect(all.kernels).toBeGreaterThan(alone.kernels);
  expect(launchesOf(architectures.slice(0, 2)).each).toEqual(alone.each);
});

test('cells that launch the same have one row', () => {
  const { architectures, workload } = drawn('nasbench201', 300, 32);
  const { rows } = countCache(defaultLowerings).count({ workload, architectures });
  expect(new Set(rows.map(([eager]) => eager)).size).toBeLessThan(150);
});

test('begins anew when it knows too much', () => {
  const counts = countCache(['eager'], { known: 3, kernels: 1000 });
  const { architectures, workload } = drawn('nasbench201', 5, 32);
  const first = counts.count({ workload, architectures });
  expect(counts.count({ workload, architectures: [] }).table).not.toBe(first.table);
});

describe('a batch', () => {
  test.each(['nasbench201', 'fbnet'] as const)('of 8 launches what one image does, with more work: %s', (id) => {
    const { space, architectures, workload } = drawn(id, 1, id === 'fbnet' ? 224 : 32);
    for (const lowering of defaultLowerings) {
      const of = (batchSize: number) =>
        lower(describeNetwork(space, architectures[0]!, { ...workload, batchSize }).graph, lowering);
      const one = of(1);
      const eight = of(8);
      expect(eight.map(({ count }) => count)).toEqual(one.map(({ count }) => count));
      one.forEach(({ kernel }, i) => {
        const larger = eight[i]!.kernel;
        expect(kernelFeatures(atBatch(kernel, 8)), larger.operator).toEqual(kernelFeatures(larger));
        expect(membershipOf([kernel])).toEqual(membershipOf([larger]));
      });
    }
  });
});
