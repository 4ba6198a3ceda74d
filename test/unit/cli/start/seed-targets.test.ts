// What a start puts in place for the shipped tables' targets against what the front door makes of the same tables.
import { gunzipSync } from 'node:zlib';
import { beforeAll, expect, test } from 'vitest';
import { type TableProfile, tableProfile } from '#cli/import/table-profiles.ts';
import { seedTargets } from '#cli/start/seed-targets.ts';
import { seedPredictor } from '#cli/start/shipped-predictor.ts';
import { readShippedTable } from '#cli/start/shipped-tables.ts';
import { profileSchema } from '#core/dataset/profile.ts';
import type { LatencyTable } from '#core/dataset/table.ts';
import { sortedWorkloads } from '#core/dataset/target-data.ts';
import { loadPredictor } from '#core/predictor/bundle.ts';
import { predict } from '#core/serve/predict-latencies.ts';
import { predictorCache } from '#core/serve/predictor-cache.ts';
import { adaptationKey, targetKey } from '#core/targets/keys.ts';
import { targetRecordSchema } from '#core/targets/target-record.ts';
import { mapStore } from '../../core/map-store.ts';

const store = mapStore();
let tables: LatencyTable[];
let version: string;
let profiles: TableProfile[];
beforeAll(async () => {
  tables = (await Promise.all((['fbnet', 'ofa'] as const).map(readShippedTable))).map(({ table }) => table);
  profiles = tables.flatMap((table) => table.targets.map(({ id }) => tableProfile(table, id)));
  version = (await seedPredictor(store, () => 0))!;
  expect(await seedTargets(store, tables, 0)).toBe(true);
}, 120_000);

const json = (key: string): unknown => JSON.parse(new TextDecoder().decode(store.objects.get(key)));

test('every target of the tables has the record that its profiles lead to, but for the devices', () => {
  for (const [targetId, own] of Map.groupBy(profiles, (profile) => profile.targetId)) {
    const read = own.map(({ bytes }) => profileSchema.parse(JSON.parse(gunzipSync(bytes).toString('utf8'))));
    const record = targetRecordSchema.parse(json(targetKey(targetId)));
    expect(record).toMatchObject({
      targetId,
      source: 'table',
      target: read[0]!.target,
      profiles: own.length,
      measurements: own.reduce((sum, { measurements }) => sum + measurements, 0),
      devices: [],
    });
    const announced = sortedWorkloads(read.flatMap(({ workloads }) => workloads));
    expect(record.workloads.map(({ measurements: _, ...workload }) => workload)).toEqual(announced);
  }
});

test('predictions of all of them answer in every search space', async () => {
  const targets = [...new Set(profiles.map(({ targetId }) => targetId))];
  expect(targets.length).toBeGreaterThan(10);
  const predictors = predictorCache({ store, now: () => 0, loadPredictor });
  for (const { searchSpace, texts } of tables) {
    const request = { searchSpace, targets, architectures: [texts[0]!] };
    const { results } = await predict({ predictors, targetNames: () => Promise.resolve([]) } as never, request);
    for (const { latencyMs, lowMs, highMs } of results) {
      expect(latencyMs[0]).toBeGreaterThan(lowMs[0]!);
      expect(latencyMs[0]).toBeLessThan(highMs[0]!);
    }
  }
});

test('only the last profile of a target has it adapted anew', () => {
  const counts = Map.groupBy(profiles, ({ targetId }) => targetId);
  for (const [targetId, own] of counts) {
    const { dataRevision = 0 } = json(adaptationKey(version, targetId)) as { dataRevision?: number };
    expect(dataRevision).toBe(own.length - 1);
  }
});

test('what is there stays as it is, and under another champion nothing is put', async () => {
  const before = new Map(store.objects);
  expect(await seedTargets(store, tables, 1)).toBe(true);
  expect(store.objects).toEqual(before);
  const empty = mapStore();
  expect(await seedTargets(empty, tables, 1)).toBe(false);
  expect(empty.objects.size).toBe(0);
});
