// What a fit learns from: groups by workload and by search space, without what is held out, the same whatever else the
// process has counted before.
import { expect, it } from 'vitest';
import type { Kernel } from '#core/graph/kernel.ts';
import type { LoweringId } from '#core/graph/lowerings.ts';
import { countCache } from '#core/predictor/kernels/count-cache.ts';
import { isRunConstant } from '#core/predictor/kernels/kernel-features.ts';
import { type CountRow, kernelKey } from '#core/predictor/kernels/kernel-table.ts';
import { seededRandom } from '#core/random.ts';
import { searchSpace } from '#core/search-space/registry.ts';
import { episodeData, wholeGroup } from '#core/training/fits/episode-data.ts';
import type { PoolColumn, PoolSet } from '#core/training/snapshot/training-pool.ts';

const lowerings: readonly LoweringId[] = ['eager', 'fused'];
const nothing = { heldOut: [], only: null };

function setOf(
  id: 'nasbench201' | 'fbnet',
  inputSize: number,
  columns: readonly Omit<PoolColumn, 'latencyMs'>[],
): PoolSet {
  const space = searchSpace(id);
  const random = seededRandom(3);
  const architectures = Array.from({ length: 20 }, () => space.sample(random));
  const latencyMs = Float64Array.from(architectures, (_, i) => 1 + i);
  return {
    id: `${id}/${inputSize}`,
    space,
    inputSize,
    architectures,
    trained: 16,
    columns: columns.map((c) => ({ ...c, latencyMs })),
  };
}

const small = setOf('fbnet', 32, [
  { target: 'a', hardwareKey: 'A', batchSize: 1 },
  { target: 'a', hardwareKey: 'A', batchSize: 8 },
  { target: 'b', hardwareKey: 'B', batchSize: 1 },
]);
const large = setOf('fbnet', 64, [{ target: 'b', hardwareKey: 'B', batchSize: 1 }]);

const targetsOf = ({ groups }: ReturnType<typeof episodeData>) =>
  Object.fromEntries(groups.map(({ id, targets }) => [id, targets.map((target) => target.id)]));

it('has each workload as a group, and those of a search space together, without hardware that is held out', () => {
  const whole = episodeData({ sets: [small, large] }, lowerings, nothing);
  expect(targetsOf(whole)).toEqual({
    fbnet: ['a', 'b'],
    'fbnet/32/1': ['a', 'b'],
    'fbnet/32/8': ['a'],
    'fbnet/64/1': ['b'],
  });
  const [joined, first] = whole.groups;
  // Those that are kept for evaluation are no part of it.
  expect(first!.networks).toHaveLength(16);
  const measured = Array.from({ length: 16 }, (_, i) => 1 + i);
  expect([...first!.targets[0]!.latencyMs]).toEqual(measured);
  const gap = measured.map(() => Number.NaN);
  expect([...joined!.targets[1]!.latencyMs]).toEqual([...measured, ...gap, ...measured]);
  const held = episodeData({ sets: [small, large] }, lowerings, { heldOut: ['A'], only: null });
  expect(targetsOf(held)).toEqual({ fbnet: ['b'], 'fbnet/32/1': ['b'], 'fbnet/64/1': ['b'] });
  const only = episodeData({ sets: [small, large] }, lowerings, { heldOut: [], only: ['a'] });
  expect(targetsOf(only)).toMatchObject({ fbnet: ['a'], 'fbnet/32/1': ['a'], 'fbnet/64/1': [] });
});

it('has a group of all networks, whatever they are of', () => {
  const other = setOf('nasbench201', 32, [{ target: 'c', hardwareKey: 'C', batchSize: 1 }]);
  for (const sets of [[small], [small, large], [small, large, other]]) {
    const data = episodeData({ sets }, lowerings, nothing);
    const whole = wholeGroup(data)!;
    expect(whole.networks).toHaveLength(Math.max(...data.groups.map(({ networks }) => networks.length)));
    const ids = new Set(data.groups.flatMap(({ targets }) => targets.map(({ id }) => id)));
    expect(new Set(whole.targets.map(({ id }) => id))).toEqual(ids);
  }
  expect(wholeGroup(episodeData({ sets: [] }, lowerings, nothing))).toBeUndefined();
});

it('numbers kernels by what they are, not by when they were counted', () => {
  const alone = episodeData({ sets: [small] }, lowerings, nothing);
  expect(isRunConstant(alone.kernels[0]!)).toBe(true);
  episodeData({ sets: [setOf('fbnet', 96, [])] }, lowerings, nothing);
  expect(episodeData({ sets: [small] }, lowerings, nothing)).toEqual(alone);
  // Counts of a table of its own, by what the kernels are.
  const { table, rows } = countCache(lowerings).count({
    workload: { searchSpace: 'fbnet', inputSize: 32, batchSize: 1 },
    architectures: small.architectures.slice(0, 1),
  });
  const named = (kernels: readonly Kernel[], row: CountRow): string[] =>
    Array.from(row.kernels, (k, i) => `${kernelKey(kernels[k]!)} ${row.counts[i]}`).sort();
  const own = alone.groups.find(({ id }) => id === 'fbnet/32/1')!;
  expect(named(alone.kernels, own.networks[0]![1]!)).toEqual(named(table.kernels, rows[0]![1]!));
});

it('leaves a target out that has fewer than twelve of the networks', () => {
  const few = small.columns[0]!.latencyMs.slice().fill(Number.NaN, 11);
  const set = { ...small, columns: [{ ...small.columns[0]!, latencyMs: few }, small.columns[2]!] };
  expect(episodeData({ sets: [set] }, lowerings, nothing).groups[0]!.targets.map(({ id }) => id)).toEqual(['b']);
});
