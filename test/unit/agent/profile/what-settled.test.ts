import { expect, test } from 'vitest';
import { settledText, whatSettled } from '#agent/profile/what-settled.ts';
import type { Profile } from '#core/dataset/profile.ts';
import { exampleProfile } from '#scripts/build-profile-fixtures.ts';

const [a, b, c] = exampleProfile.measurements;
const { descriptor } = exampleProfile;
const unsteady = { ...descriptor!.operators['backbone/stem']!, stable: false };
const withMeasurements = (...measurements: Profile['measurements']): Profile => ({
  ...exampleProfile,
  descriptor: { ...descriptor!, operators: { ...descriptor!.operators, 'backbone/stem': unsteady } },
  measurements,
});
const neverSettled = { ...a!, stable: false };
const { samplesMs: _, ...withoutSamples } = b!;
/** Says that it settled; the middle half of its samples lies within 40 % of the median. */
const wide = { ...withoutSamples, latency: { medianMs: 10, trimmedMeanMs: 10, spreadMs: 4 }, stable: true };

test('networks are counted by what a service takes, operators by what they say', () => {
  const settled = whatSettled(withMeasurements(neverSettled, wide, c!));
  expect(settled).toMatchObject({ unsteady: ['backbone/stem'], networks: 3 });
  expect(settled.leftOut.map(({ index, code }) => [index, code])).toEqual([
    [0, 'measurement-unstable'],
    [1, 'measurement-unstable'],
  ]);
  expect(settledText(settled)).toBe(
    '1 operators never settled and are marked so, such as backbone/stem\n' +
      '1 of 3 networks settled; a service does not take the others: ' +
      '2 as measurement-unstable (the first: stable is false: the measurement never settled)\n',
  );
});

test('where no network settled, it says what a service makes of the profile, and what helps', () => {
  const profile = withMeasurements(neverSettled, wide);
  expect(settledText(whatSettled(profile))).toMatch(
    /none of 2 networks settled; a service takes only the operators that settled: /,
  );
  const text = settledText(whatSettled({ ...profile, descriptor: null }));
  expect(text).toMatch(/none of 2 networks settled; a service takes nothing of this profile and quarantines it: /);
  expect(text).toMatch(/quieter device .* larger --max-seconds/);
});

test('what settled needs no words', () => {
  expect(settledText(whatSettled(exampleProfile))).toBe('');
});
