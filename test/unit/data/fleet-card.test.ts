import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { type Profile, profileSchema } from '#core/dataset/profile.ts';
import { parseLatencyTable } from '#core/dataset/table.ts';
import { searchSpace } from '#core/search-space/registry.ts';
import { agreement } from '#data/fleet/measuring/agreement.ts';
import { fleetCard, fleetTable } from '#data/fleet/measuring/card.ts';
import { fleetTargets } from '#data/fleet/measuring/targets.ts';

const fixture = new URL('../../fixtures/profiles/raspberry-pi-5.json', import.meta.url);
const base = profileSchema.parse(JSON.parse(readFileSync(fixture, 'utf8')));
const cells = [...searchSpace('nasbench201').enumerate!()]
  .slice(-5)
  .map((cell) => searchSpace('nasbench201').format(cell));

function profile(latencies: readonly number[]): Profile {
  const measurements = latencies.map((medianMs, i) => ({
    workload: 0,
    architecture: cells[i]!,
    latency: { medianMs, trimmedMeanMs: medianMs, spreadMs: medianMs / 100 },
    runs: 30,
    stable: i !== 0,
  }));
  return { ...base, measurements };
}

describe('agreement of a target with itself', () => {
  test('by hand: ratios 1.1, 1.0, 0.98, 1.04, 1.02', () => {
    const found = agreement(profile([1, 2, 3, 4, 5]), profile([1.1, 2, 2.94, 4.16, 5.1]));
    expect(found.count).toBe(5);
    expect(found.medianRatio).toBeCloseTo(1.02, 12);
    expect(found.medianDeviation).toBeCloseTo(0.02, 12);
    expect(found.deviation90).toBeCloseTo(0.1, 12);
    expect(found.within5).toBeCloseTo(0.8, 12);
    expect(found.spearman).toBe(1);
    // Around 1.02: .0784, .0196, .0392, .0196, 0.
    expect(found.medianDeviationScaled).toBeCloseTo(1.04 / 1.02 - 1, 6);
  });

  test('architectures in only one of the two do not count', () => {
    expect(agreement(profile([1, 2]), profile([1, 2, 3])).count).toBe(2);
  });
});

test('the table has the rows that every target has, in the given order, and reads back', () => {
  const text = fleetTable(
    [
      { name: 'a', profile: profile([1, 2, 3]) },
      { name: 'b', profile: profile([4, 5]) },
    ],
    [cells[1]!, cells[2]!, cells[0]!],
  );
  const table = parseLatencyTable(text, { file: 'x', space: searchSpace('nasbench201') });
  expect(table.texts).toEqual([cells[1], cells[0]]);
  expect(table.targets.map(({ id, latencyMs }) => [id, [...latencyMs]])).toEqual([
    ['a', [2, 1]],
    ['b', [5, 4]],
  ]);
});

test('the card names the machine, the targets, what never settled, and how a repeat agrees', () => {
  const fleet = [{ name: 'onnxruntime-all-t1', profile: profile([1, 2, 3]) }];
  const repeats = [{ name: 'onnxruntime-all-t1', repeat: '2026-01-02T0304', profile: profile([1.1, 2.2, 3.3]) }];
  const card = fleetCard(fleet, repeats, 'node data/fleet/measuring/measure-fleet.ts');
  expect(card).toContain(base.target.hardware.model);
  expect(card).toMatch(/\| onnxruntime-all-t1 \| `[a-z0-9-]+` \| 3 \| 1 \| 2\.00 ms \| 1\.00 % \|/);
  expect(card).toMatch(/2026-01-02T0304 \| 3 \| 1\.100 \| 10\.00 % .* 0\.00 % \| 0\.000 \|/);
  expect(fleetCard(fleet, [], 'x')).toContain('Not repeated yet.');
});

test('the targets are at least ten, distinct, of both runtimes, all levels, one and two threads', () => {
  expect(fleetTargets.length).toBeGreaterThanOrEqual(10);
  expect(new Set(fleetTargets.map(({ name }) => name)).size).toBe(fleetTargets.length);
  const options = fleetTargets.map(({ options: words }) => words.join(' '));
  for (const level of ['disabled', 'basic', 'extended', 'all']) {
    for (const threads of [1, 2]) {
      expect(options).toContain(`--runtime onnxruntime --graph-optimization ${level} --threads ${threads}`);
    }
  }
  expect(options.some((words) => words.includes('onnxruntime-web'))).toBe(true);
});
