// Shares of kernels on their way from a profile to an adaptation: joined, withdrawn and merged with their networks.
import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { mergeMeasurements } from '#core/dataset/merge-measurements.ts';
import { anyProfileSchema } from '#core/dataset/read-profile.ts';
import { joinTargetData, type TargetData, targetDataSchema } from '#core/dataset/target-data.ts';
import { targetId } from '#core/dataset/target-id.ts';
import { withoutProfiles } from '#core/dataset/without-profiles.ts';
import { targetDataOf } from '#core/intake/target-data-of.ts';
import { exampleProfile } from '#scripts/build-profile-fixtures.ts';

const example = anyProfileSchema.parse(exampleProfile);
const [first, second, third] = example.measurements;
const times = (shares: number[]) => ({
  formatVersion: 1 as const,
  profiler: 'onnxruntime' as const,
  runs: 20,
  kinds: ['sum', 'convolution/3x3'],
  kernels: [0, 1, 0],
  shares,
});
const sha256 = (name: string): string => createHash('sha256').update(name).digest('hex');

function dataOf(name: string, measurements: typeof example.measurements): TargetData {
  const source = { sha256: sha256(name), deviceId: name, acceptedAt: '2026-01-01T00:00:00.000Z' };
  const profile = { ...example, measurements, models: [], targetId: targetId(example.target), excluded: [] };
  return targetDataSchema.parse(targetDataOf(profile, { ...source, registeredAt: source.acceptedAt }));
}

const a = dataOf('a', [third!, { ...first!, kernelTimes: times([0.25, 0.5, 0.25]) }, second!]);
const b = dataOf('b', [{ ...first!, kernelTimes: times([0.125, 0.75, 0.125]) }]);
const sharesOf = (data: TargetData, architecture = first!.architecture) =>
  mergeMeasurements(data).find((own) => own.architecture === architecture)?.shares;

test('shares stay with their network, whatever the order of profiles', () => {
  const joined = joinTargetData(a, b);
  expect(joined).toEqual(joinTargetData(b, a));
  expect(joinTargetData(joined, b)).toEqual(joined);
  expect(sharesOf(a)).toEqual({ 'convolution/3x3': 0.5, sum: 0.5 });
  // The mean over both profiles.
  expect(sharesOf(joined)).toEqual({ 'convolution/3x3': 0.625, sum: 0.375 });
  expect(sharesOf(joined, second!.architecture)).toBeUndefined();
});

test('a profile that is withdrawn takes its shares with it', () => {
  const joined = joinTargetData(a, b);
  expect(withoutProfiles(joined, new Set([sha256('a')]))).toEqual({ ...b, descriptor: null });
  expect(sharesOf(withoutProfiles(joined, new Set([sha256('b')])))).toEqual({ 'convolution/3x3': 0.5, sum: 0.5 });
  expect(withoutProfiles(joined, new Set([sha256('a'), sha256('b')])).shares).toBeUndefined();
});
