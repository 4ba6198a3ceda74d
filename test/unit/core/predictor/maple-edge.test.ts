// MAPLE-Edge as a baseline: how a descriptor enters, by hand, and that the network reads it.
import { describe, expect, test, vi } from 'vitest';
import type { CounterName } from '#core/descriptor/counters.ts';
import type { Descriptor } from '#core/descriptor/descriptor.ts';
import { descriptorInputs, mapleEdge } from '#core/predictor/maple-edge.ts';
import { seededRandom } from '#core/random.ts';
import { searchSpace } from '#core/search-space/registry.ts';

// Seconds of computing, more on a busy machine.
vi.setConfig({ testTimeout: 60_000 });

const space = searchSpace('nasbench201');

/** One operator of the list measured; latencies of its own alone where counters are left out. */
const describedAt = (medianMs: number, counters: Partial<Record<CounterName, number | 'not-counted'>>): Descriptor => ({
  list: 'nasbench201',
  inputSize: 32,
  batchSize: 1,
  counters: {},
  operators: {
    'stage1/none': {
      latency: { medianMs, trimmedMeanMs: medianMs, spreadMs: 0 },
      runs: 10,
      counters,
      runningPercent: {},
    },
  },
});

const e2 = Math.exp(2);

describe('a descriptor as inputs', () => {
  test('latency as ln, counters as ln(1 + x), standardised over the targets learned from', () => {
    // ln 1 = 0 and ln e² = 2: mean 1, deviation 1. ln(1 + 0) = 0 and ln(1 + e⁴ − 1) = 4: mean 2, deviation 2.
    const slow = describedAt(e2, { instructions: e2 * e2 - 1 });
    const inputs = descriptorInputs(space, [describedAt(1, { instructions: 0 }), slow], 'raw');
    expect([...inputs(describedAt(1, { instructions: 0 }))]).toEqual([-1, -1].map((x) => expect.closeTo(x, 6)));
    expect([...inputs(slow)]).toEqual([1, 1].map((x) => expect.closeTo(x, 6)));
    // Another target is measured with the same ruler: ln e⁴ = 4 is three deviations up, ln(1 + e² − 1) = 2 the mean.
    const another = [...inputs(describedAt(e2 * e2, { instructions: e2 - 1 }))];
    expect(another).toEqual([3, 0].map((x) => expect.closeTo(x, 6)));
  });

  test('normalised counters are per millisecond of the operator', () => {
    // 3 in 1 ms and 3·e² in e² ms are the same rate: nothing to tell targets apart by, so only the latency is left.
    const learned = [describedAt(1, { instructions: 3 }), describedAt(e2, { instructions: 3 * e2 })];
    expect(descriptorInputs(space, learned, 'raw')(learned[0]!)).toHaveLength(2);
    const normalised = descriptorInputs(space, learned, 'operator-latency')(learned[0]!);
    expect([...normalised]).toEqual([expect.closeTo(-1, 6)]);
  });

  test('a counter that is missing is not a counter of zero: it stands at the mean, and its mask says so', () => {
    const learned = [
      describedAt(1, { instructions: 0 }),
      describedAt(e2, { instructions: e2 * e2 - 1 }),
      describedAt(Math.E, { instructions: 'not-counted' }),
    ];
    const inputs = descriptorInputs(space, learned, 'raw');
    // Latency, instructions; then the one mask that differs.
    const rows = learned.map((descriptor) => [...inputs(descriptor)].slice(1));
    expect(rows).toEqual([
      [expect.closeTo(-1, 6), 1],
      [expect.closeTo(1, 6), 1],
      [0, 0],
    ]);
    expect([...inputs(describedAt(Math.E, {}))]).toEqual([...inputs(learned[2]!)]);
    expect([...inputs(null)].slice(1)).toEqual([0, 0]);
  });

  test('what is the same for all, or missing for all, is no input', () => {
    const same = describedAt(2, { instructions: 5, 'page-faults': 'not-counted' });
    expect(descriptorInputs(space, [same, same], 'raw')(same)).toHaveLength(0);
    expect(descriptorInputs(space, [], 'raw')(same)).toHaveLength(0);
  });
});

describe('predictions', () => {
  const random = seededRandom(3);
  const architectures = Array.from({ length: 40 }, () => Uint8Array.from({ length: 6 }, () => random.integer(5)));
  const workOf = (architecture: Uint8Array): number => Math.exp(architecture.reduce((sum, x) => sum + x, 0) / 10);
  const targetAt = (slowness: number) => ({
    descriptor: describedAt(slowness, {}),
    latencyMs: Float64Array.from(architectures, (own) => slowness * workOf(own)),
  });
  const pool = [1, 1.5, 2.2, 3.3, 5].map(targetAt);
  const rows = [...architectures.keys()];
  const task = { space, architectures, pool, poolRows: rows, normalisation: 'raw' as const, seed: 1 };

  test('without a measurement the descriptor says how slow a target is', async () => {
    const target = targetAt(2.7);
    const predicted = await mapleEdge({ ...task, target, support: [] });
    const errors = predicted.map((ms, row) => Math.abs(ms / target.latencyMs[row]! - 1)).sort();
    // Without its descriptor, the middle of the pool would be off by a fifth.
    expect(errors[20]).toBeLessThan(0.1);
  });

  test('of the target only what was measured is looked at', async () => {
    // Far from all of the pool, and a third as slow as its descriptor says: only measurements tell.
    const { latencyMs } = targetAt(10);
    const support = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9];
    const hidden = latencyMs.map((ms, row) => (support.includes(row) ? ms : Number.NaN));
    const descriptor = describedAt(30, {});
    const predicted = await mapleEdge({ ...task, target: { descriptor, latencyMs }, support });
    expect(await mapleEdge({ ...task, target: { descriptor, latencyMs: hidden }, support })).toEqual(predicted);
    const errors = predicted.map((ms, row) => Math.abs(ms / latencyMs[row]! - 1)).sort();
    expect(errors[20]).toBeLessThan(0.25);
  });

  test('nothing to learn from is refused', async () => {
    await expect(mapleEdge({ ...task, pool: [], target: targetAt(1), support: [] })).rejects.toThrow(
      expect.objectContaining({ code: 'too-few-measurements' }),
    );
  });
});
