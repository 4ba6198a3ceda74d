// What the bench sends from the field is a profile as the service accepts it, whole.
import { expect, test } from 'vitest';
import { fieldProfile } from '#cli/bench/field-profile.ts';
import { parseLatencyTable } from '#core/dataset/table.ts';
import { acceptProfile } from '#core/intake/acceptance.ts';
import { searchSpace } from '#core/search-space/registry.ts';

test('is accepted as it is registered, with ten measurements of one target', () => {
  const space = searchSpace('nasbench201');
  const rows = [...space.enumerate!()].slice(0, 12).map((choices, row) => `${space.format(choices)},${row + 1}.5`);
  const table = parseLatencyTable(['architecture,titanx_1', ...rows].join('\n'), { file: 'made-up.csv', space });
  const { bytes, registration } = fieldProfile(table, 'Board');
  const result = acceptProfile(bytes, { ...registration, deviceId: 'bench' });
  if (result.outcome !== 'accepted') throw new Error(result.reason.message);
  const { excluded, measurements, target } = result.profile;
  expect(excluded).toEqual([]);
  expect(measurements.map(({ latency }) => latency.medianMs)).toEqual([
    1.5, 2.5, 3.5, 4.5, 5.5, 6.5, 7.5, 8.5, 9.5, 10.5,
  ]);
  expect(target.hardware.model).toBe('Board');
});
