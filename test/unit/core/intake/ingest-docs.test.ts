// docs/ingest.md names every code, in the order of the checks, and the numbers that the code has.
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { maxValues, maxValuesOfDevice, maxWorkloads } from '#core/dataset/target-data.ts';
import { maxRelativeSpread, plausibleRangeMs } from '#core/intake/accept-measurements.ts';
import { uploadLimits } from '#core/intake/acceptance.ts';
import { exclusionReasons, quarantineReasons } from '#core/intake/reasons.ts';
import { mostAdaptedFrom } from '#core/predictor/adaptation/checked-adaptation.ts';
import {
  fewestTrainingMeasurements,
  leastExplained,
  mostTargetsOfDevice,
} from '#core/training/snapshot/training-rule.ts';

const text = readFileSync(new URL('../../../../docs/ingest.md', import.meta.url), 'utf8');
const codesOf = (heading: string): string[] => {
  const table = text.slice(text.indexOf(heading)).split('\n\n')[0]!;
  return [...table.matchAll(/^\| `([a-z-]+)` \|/gm)].map(([, code]) => code!);
};

test('every reason code, in the order of the checks', () => {
  expect(codesOf('| code | a profile is quarantined')).toEqual(Object.keys(quarantineReasons));
  expect(codesOf('| code | a measurement is excluded')).toEqual(Object.keys(exclusionReasons));
  expect(codesOf('| code | because |')).toEqual([
    'contradictory',
    'too-few-measurements',
    'unexplained',
    'too-many-of-device',
  ]);
});

test('the numbers are the code’s', () => {
  expect(uploadLimits).toEqual({ compressedBytes: 5 * 2 ** 20, expandedBytes: 50 * 2 ** 20 });
  expect(plausibleRangeMs).toEqual({ low: 0.0001, high: 600_000 });
  expect([maxRelativeSpread, leastExplained]).toEqual([0.25, 0.1]);
  for (const number of [
    maxValues.toLocaleString('en'),
    maxValuesOfDevice.toLocaleString('en'),
    `${maxWorkloads} workloads`,
    mostAdaptedFrom,
    fewestTrainingMeasurements,
    mostTargetsOfDevice,
  ]) {
    expect(text).toContain(String(number));
  }
});
