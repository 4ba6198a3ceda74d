// Operator graphs among what is measured on a target: joined, merged and counted like architectures.
import { expect, test } from 'vitest';
import { mergeModels } from '#core/dataset/merge-measurements.ts';
import { isFull, joinTargetData, maxModels, type TargetData } from '#core/dataset/target-data.ts';
import { withoutProfiles } from '#core/dataset/without-profiles.ts';
import { exampleProfile } from '#scripts/build-profile-fixtures.ts';

const hash = (digit: string): string => digit.repeat(64);

/** One profile: latencies by the digit that its models' hashes are of. */
function dataOf(sha: string, deviceId: string, latencies: Readonly<Record<string, number>>): TargetData {
  const digits = Object.keys(latencies).sort();
  return {
    formatVersion: 2,
    targetId: 't',
    target: exampleProfile.target,
    profiles: [
      {
        sha256: hash(sha),
        deviceId,
        acceptedAt: '2026-02-03T10:15:00.000Z',
        agentVersion: 'a',
        startedAt: null,
        excluded: {},
      },
    ],
    workloads: [],
    architectures: [],
    values: [],
    models: digits.map(hash),
    modelValues: digits.map((digit, at) => [at, 0, latencies[digit]!]),
    descriptor: null,
  };
}

const first = dataOf('c', 'one', { '1': 10, '2': 4 });
const second = dataOf('b', 'one', { '2': 6, '3': 1 });
const third = dataOf('a', 'two', { '2': 9 });

test('joining does not depend on the order or on repeats', () => {
  const joined = joinTargetData(joinTargetData(first, second), third);
  expect(joined.models).toEqual(['1', '2', '3'].map(hash));
  // Profiles are in the order of their hashes: third, second, first.
  expect(joined.modelValues).toEqual([
    [0, 2, 10],
    [1, 0, 9],
    [1, 1, 6],
    [1, 2, 4],
    [2, 1, 1],
  ]);
  expect(joinTargetData(third, joinTargetData(second, joinTargetData(first, second)))).toEqual(joined);
});

test('a device counts once: the median over its profiles, then over devices', () => {
  const joined = joinTargetData(joinTargetData(first, second), third);
  // Device one: median of 4 and 6 is 5; device two: 9; between them 7, and 9 / 5 apart.
  expect(mergeModels(joined)).toEqual([
    { model: hash('1'), latencyMs: 10, profiles: 1, devices: 1, disagreement: 1 },
    { model: hash('2'), latencyMs: 7, profiles: 3, devices: 2, disagreement: 1.8 },
    { model: hash('3'), latencyMs: 1, profiles: 1, devices: 1, disagreement: 1 },
  ]);
});

test('a target without models says nothing of them', () => {
  const { models: _, modelValues: __, ...without } = first;
  expect(Object.keys(joinTargetData(without, without))).not.toContain('models');
  expect(mergeModels(without)).toEqual([]);
});

test('what is withdrawn takes models along that nobody else measured', () => {
  const joined = joinTargetData(joinTargetData(first, second), third);
  const left = withoutProfiles(joined, new Set([hash('b')]));
  expect(left).toEqual(joinTargetData(first, third));
  const none = withoutProfiles(joined, new Set(['a', 'b', 'c'].map(hash)));
  expect(Object.keys(none)).not.toContain('models');
});

test('a target holds 256 models', () => {
  const ids = Array.from({ length: maxModels + 1 }, (_, i) => i.toString(16).padStart(64, '0'));
  const full = (count: number): TargetData => ({
    ...first,
    models: ids.slice(0, count),
    modelValues: ids.slice(0, count).map((_, at) => [at, 0, 1]),
  });
  expect(isFull(full(256))).toBe(false);
  expect(isFull(full(257))).toBe(true);
});
