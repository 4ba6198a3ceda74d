// A dataset of before, as it was stored then (hand-made, format 1 by search space), is brought to where it is looked
// for.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { mergeMeasurements } from '#core/dataset/merge-measurements.ts';
import { targetId } from '#core/dataset/target-id.ts';
import type { ProfileV1 } from '#core/dataset/version-1/profile-v1.ts';
import { type MigratedTarget, migrateDataset } from '#core/intake/migrate-dataset.ts';
import type { Store } from '#core/store/store.ts';
import { listTargets } from '#core/targets/list-targets.ts';
import { readTargetData } from '#core/targets/target-in-use.ts';
import { listTargetIds } from '#core/targets/target-names.ts';
import { exampleProfile } from '#scripts/build-profile-fixtures.ts';
import { type MapStore, mapStore } from '../map-store.ts';

const file = new URL('../../../fixtures/profiles/version-1/raspberry-pi-5.json', import.meta.url);
const profile = JSON.parse(readFileSync(file, 'utf8')) as ProfileV1;
const [x, y] = profile.measurements.map(({ architecture }) => architecture) as [string, string];
const time = '2026-02-03T12:00:00.000Z';
const now = (): number => Date.parse(time);
const id = targetId(exampleProfile.target);

/** What the service stored of a profile before: the profile, the measurements and the record of the target. */
function storeBefore(store: MapStore, batchSize: number, values: [number, number][], inputSize = 32): string {
  const target = { ...profile.target, workload: { ...profile.target.workload, batchSize, inputSize } };
  const before = `raspberry-pi-5-model-b-onnxruntime-cpu-t4-b${batchSize}-fp32-${String(inputSize).padStart(10, '0')}`;
  const bytes = gzipSync(JSON.stringify({ ...profile, target }));
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const source = { sha256, deviceId: 'pi', acceptedAt: time, agentVersion: 'agent 1', startedAt: null, excluded: {} };
  const data = {
    formatVersion: 1,
    targetId: before,
    target,
    profiles: [source],
    architectures: [x, y].sort(),
    values: values.map(([architecture, medianMs]) => [architecture, 0, medianMs]),
    descriptor: { sha256, descriptor: profile.descriptor },
  };
  const put = (key: string, body: Uint8Array): unknown => store.objects.set(key, body);
  put(`profiles/nasbench201/${before}/${sha256}.json.gz`, bytes);
  put(`measurements/nasbench201/${before}.json`, Buffer.from(JSON.stringify(data)));
  put(`targets/nasbench201/${before}.json`, Buffer.from('{"searchSpace":"nasbench201"}'));
  return sha256;
}

async function migrate(store: Store): Promise<MigratedTarget[]> {
  const all: MigratedTarget[] = [];
  for await (const each of migrateDataset(store, { now, predictors: [] })) all.push(each);
  return all;
}

describe('a dataset of before', () => {
  it('is not seen by the lists of targets, and does not break them', async () => {
    const store = mapStore();
    storeBefore(store, 1, [[0, 10]]);
    expect(await listTargets(store, { limit: 10 })).toEqual({ targets: [], nextCursor: null });
    expect(await listTargetIds(store)).toEqual([]);
  });

  it('becomes one target of a device that was several by batch size; nothing is lost or written over', async () => {
    const store = mapStore();
    const hashes = [
      storeBefore(store, 1, [
        [0, 10],
        [1, 20],
      ]),
      storeBefore(store, 8, [[1, 130]]),
    ];
    const before = new Map(store.objects);
    expect((await migrate(store)).map(({ outcome, targetId: now }) => [outcome, now])).toEqual([
      ['brought', id],
      ['brought', id],
    ]);
    for (const [key, body] of before) expect(store.objects.get(key)).toEqual(body);
    for (const sha256 of hashes) expect(store.objects.has(`profiles/${id}/${sha256}.json.gz`)).toBe(true);
    const data = (await readTargetData(store, id))!;
    expect(mergeMeasurements(data).map(({ workload, latencyMs }) => [workload.batchSize, latencyMs])).toEqual([
      [1, 10],
      [1, 20],
      [8, 130],
    ]);
    expect(data.descriptor?.descriptor.list).toBe('nasbench201');
    const { targets } = await listTargets(store, { limit: 10 });
    expect(targets).toMatchObject([{ targetId: id, measurements: 3, profiles: 2, source: 'device' }]);
  });

  it('may be brought twice, and cut off anywhere', async () => {
    const whole = mapStore();
    storeBefore(whole, 1, [[0, 10]]);
    storeBefore(whole, 8, [[1, 130]]);
    const before = new Map(whole.objects);
    await migrate(whole);
    expect((await migrate(whole)).map(({ outcome }) => outcome)).toEqual(['brought-before', 'brought-before']);
    for (let failAt = 1; failAt <= 8; failAt++) {
      const store = mapStore();
      for (const [key, body] of before) store.objects.set(key, body);
      let puts = 0;
      const cut: Store = {
        ...store,
        put: (key, body, condition) => {
          if (++puts === failAt) throw new Error('cut off');
          return store.put(key, body, condition);
        },
      };
      await migrate(cut).catch(() => undefined);
      await migrate(store);
      expect([failAt, store.objects]).toEqual([failAt, whole.objects]);
    }
  });

  it('says what it must leave and why, and goes on', async () => {
    const store = mapStore();
    storeBefore(store, 1, [[0, 10]], 30);
    storeBefore(store, 8, [[1, 130]]);
    store.objects.set('measurements/nasbench201/a.json', Buffer.from('nonsense'));
    expect(await migrate(store)).toMatchObject([
      { before: 'a', outcome: 'left', reason: /is not JSON/ },
      { outcome: 'left', reason: /target\/workload\/inputSize: input size 30 of nasbench201/ },
      { outcome: 'brought', targetId: id },
    ]);
  });
});
