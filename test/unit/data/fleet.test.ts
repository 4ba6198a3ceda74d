// The measured fleet as it is shipped: profiles that the service takes, the same architectures on every target, and a
// table that holds what they say.
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { anyProfileSchema } from '#core/dataset/read-profile.ts';
import { parseLatencyTable } from '#core/dataset/table.ts';
import { targetId } from '#core/dataset/target-id.ts';
import { descriptorOperators } from '#core/descriptor/descriptor-operators.ts';
import { acceptProfile } from '#core/intake/acceptance.ts';
import { searchSpace } from '#core/search-space/registry.ts';
import { fleetTargets } from '#data/fleet/measuring/targets.ts';

const folder = new URL('../../../data/', import.meta.url);
const read = (name: string): Buffer => readFileSync(new URL(name, folder));
const space = searchSpace('nasbench201');
const files = readdirSync(new URL('fleet/', folder)).filter((name) => name.endsWith('.json.gz'));
const table = parseLatencyTable(gunzipSync(read('latency-nasbench201-fleet.csv.gz')).toString('utf8'), {
  file: 'fleet',
  space,
});
const published = parseLatencyTable(gunzipSync(read('latency-nasbench201.csv.gz')).toString('utf8'), {
  file: 'published',
  space,
});

test('there are at least ten different targets, and each of the list', () => {
  expect(files.map((name) => name.slice(0, -'.json.gz'.length)).sort()).toEqual(
    fleetTargets.map(({ name }) => name).sort(),
  );
  const ids = files.map((name) =>
    targetId(anyProfileSchema.parse(JSON.parse(gunzipSync(read(`fleet/${name}`)).toString())).target),
  );
  expect(new Set(ids).size).toBe(files.length);
  expect(ids.length).toBeGreaterThanOrEqual(10);
});

test.each(files)('%s has the first 300 architectures and the whole descriptor, and would be accepted', (name) => {
  const bytes = read(`fleet/${name}`);
  const profile = anyProfileSchema.parse(JSON.parse(gunzipSync(bytes).toString('utf8')));
  expect(profile.measurements.map(({ architecture }) => architecture)).toEqual(published.texts.slice(0, 300));
  const latencies = Object.values(profile.descriptor!.operators).map(({ latency }) => latency);
  expect(latencies).toHaveLength(descriptorOperators.nasbench201.length);
  expect(latencies.every((latency) => typeof latency !== 'string')).toBe(true);
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const expected = { sizeBytes: bytes.length, sha256, searchSpace: 'nasbench201', deviceId: 'any' } as const;
  expect(acceptProfile(bytes, expected)).toMatchObject({ outcome: 'accepted' });
  const column = table.targets.find(({ id }) => id === name.slice(0, -'.json.gz'.length))!;
  expect(column.latencyMs).toHaveLength(300);
  expect(column.latencyMs[7]).toBe(Number(profile.measurements[7]!.latency.medianMs.toPrecision(6)));
});
