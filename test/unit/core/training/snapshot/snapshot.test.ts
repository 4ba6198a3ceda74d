// Snapshots: read back what was frozen; the same dataset under the same id, a changed one under another; devices and
// folds.
import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { searchSpace } from '#core/search-space/registry.ts';
import { foldsOf } from '#core/training/fits/plan-fits.ts';
import { snapshotKey } from '#core/training/keys.ts';
import { runSettingsSchema } from '#core/training/runs/run-settings.ts';
import { freezeSnapshot } from '#core/training/snapshot/freeze-snapshot.ts';
import { hardwareKeyOfColumn } from '#core/training/snapshot/hardware-key.ts';
import { readManifest, readMeasurements } from '#core/training/snapshot/snapshot.ts';
import { trainingPool } from '#core/training/snapshot/training-pool.ts';
import { fieldService, profileOf } from '../../field-service.ts';
import { mapStore } from '../../map-store.ts';
import { columns, space, storeDataset, texts } from '../tiny-training.ts';

describe('freezing', () => {
  it('writes files that hold every measurement, and a manifest with their hashes, last', async () => {
    const store = mapStore();
    await storeDataset(store);
    const manifest = await freezeSnapshot(store, space.id);
    const puts = store.calls.filter((call) => call.startsWith('put snapshots/')).map((call) => call.split('/').at(-1));
    expect(puts).toEqual(['measurements.parquet', 'descriptors.parquet', 'manifest.json']);
    const bytes = store.objects.get(snapshotKey(space.id, manifest.snapshotId, 'measurements.parquet'))!;
    expect(createHash('sha256').update(bytes).digest('hex')).toBe(manifest.measurements.sha256);
    const read = await readMeasurements(store, await readManifest(store, space.id, manifest.snapshotId));
    const rows = new Map(
      Array.from(read.target, (target, i) => [
        `${manifest.targets[target]!.id} ${read.texts[read.architecture[i]!]}`,
        read.latencyMs[i],
      ]),
    );
    expect(rows.size).toBe(6 * texts.length);
    for (const [id, latencyMs] of Object.entries(columns)) {
      expect(rows.get(`${id} ${texts[17]}`)).toBe(Number(latencyMs[17]!.toPrecision(6)));
    }
  });

  it('gives the same snapshot and bytes for the same dataset, and writes nothing then', async () => {
    const [a, b] = [mapStore(), mapStore()];
    await storeDataset(a);
    await storeDataset(b);
    const first = await freezeSnapshot(a, space.id);
    expect(await freezeSnapshot(b, space.id)).toEqual(first);
    for (const file of ['measurements.parquet', 'manifest.json'] as const) {
      const key = snapshotKey(space.id, first.snapshotId, file);
      expect(Buffer.compare(a.objects.get(key)!, b.objects.get(key)!)).toBe(0);
    }
    a.calls.length = 0;
    expect(await freezeSnapshot(a, space.id)).toEqual(first);
    expect(a.calls.filter((call) => call.startsWith('put'))).toEqual([]);
  });

  it('gives another snapshot when one latency changes', async () => {
    const store = mapStore();
    await storeDataset(store);
    const { snapshotId } = await freezeSnapshot(store, space.id);
    const other = mapStore();
    const board = columns['board_1']!.slice();
    board[3]! *= 1.01;
    await storeDataset(other, { ...columns, board_1: board });
    expect((await freezeSnapshot(other, space.id)).snapshotId).not.toBe(snapshotId);
  });

  it('takes a device’s profiles merged, and says of a target with few why nothing is learned from it', async () => {
    const service = fieldService();
    const device = await service.enrol('pi');
    await service.send(
      device,
      profileOf((i) => 5 + i),
    );
    await storeDataset(service.data);
    const { targets, devices } = await freezeSnapshot(service.data, space.id);
    const field = targets.find(({ id }) => !(id in columns))!;
    expect(field).toMatchObject({ measurements: 20, excluded: expect.stringContaining('20 measurements') });
    expect(devices).toContain(field.device);
  });

  it('refuses a search space without a target to learn from', async () => {
    const store = mapStore();
    await expect(freezeSnapshot(store, space.id)).rejects.toMatchObject({ code: 'too-few-measurements' });
  });

  it('does not believe a damaged file', async () => {
    const store = mapStore();
    await storeDataset(store);
    const manifest = await freezeSnapshot(store, space.id);
    const key = snapshotKey(space.id, manifest.snapshotId, 'measurements.parquet');
    store.objects.set(key, store.objects.get(key)!.slice(1));
    await expect(readMeasurements(store, manifest)).rejects.toThrow('not the file of its manifest');
  });
});

describe('devices', () => {
  it('have their batch sizes together', () => {
    const key = hardwareKeyOfColumn;
    expect(key('titanx_32')).toBe(key('titanx_256'));
    expect(key('titanx_32')).not.toBe(key('titanxp_32'));
    expect(key('essential_ph_1')).toBe('essential_ph_1');
  });

  it('stay in their fold when a new one comes', async () => {
    const store = mapStore();
    await storeDataset(store);
    const manifest = await freezeSnapshot(store, space.id);
    const before = foldsOf(manifest, 3);
    expect(before).toEqual([
      { fold: 0, hardwareKeys: ['phone', 'tablet'] },
      { fold: 1, hardwareKeys: ['server'] },
      { fold: 2, hardwareKeys: ['board'] },
    ]);
    const target = { id: 'watch_1', device: 'watch', measurements: 100, excluded: null };
    const more = { ...manifest, devices: [...manifest.devices, 'watch'], targets: [...manifest.targets, target] };
    expect(foldsOf(more, 3)[1]!.hardwareKeys).toEqual(['server', 'watch']);
  });

  it('are held out one at a time, unless there are more than the settings allow', async () => {
    const store = mapStore();
    await storeDataset(store);
    const manifest = await freezeSnapshot(store, space.id);
    const { folds } = runSettingsSchema.parse({});
    expect(foldsOf(manifest, folds).map(({ hardwareKeys }) => hardwareKeys)).toEqual([
      ['phone'],
      ['server'],
      ['board'],
      ['tablet'],
    ]);
    // As many as the shipped tables have.
    const devices = Array.from({ length: 12 }, (_, i) => `device-${i}`);
    const targets = devices.map((device) => ({ id: device, device, measurements: 100, excluded: null }));
    expect(foldsOf({ ...manifest, devices, targets }, folds).map((fold) => fold.hardwareKeys)).toEqual(
      devices.map((device) => [device]),
    );
  });
});

describe('the training pool', () => {
  it('is bounded, spreads targets over devices, and keeps architectures to evaluate on apart', async () => {
    const store = mapStore();
    await storeDataset(store);
    const manifest = await freezeSnapshot(store, space.id);
    const measurements = await readMeasurements(store, manifest);
    const limits = { architectures: 100, testArchitectures: 20, targets: 4 };
    const pool = trainingPool(searchSpace('nasbench201'), manifest, measurements, limits);
    expect(pool.trained).toBe(100);
    expect(pool.architectures).toHaveLength(120);
    expect(pool.targets.map(({ hardwareKey }) => hardwareKey).sort()).toEqual(['board', 'phone', 'server', 'tablet']);
    const whole = trainingPool(space, manifest, measurements);
    expect(whole.architectures).toHaveLength(texts.length);
    expect(new Set(whole.architectures.map((a) => space.format(a))).size).toBe(texts.length);
    const share = (texts.length - whole.trained) / texts.length;
    expect(share).toBeGreaterThan(0.12);
    expect(share).toBeLessThan(0.28);
    const row = whole.architectures.findIndex((a) => space.format(a) === texts[5]);
    expect(whole.targets.find(({ id }) => id === 'board_1')!.latencyMs[row]).toBe(
      Number(columns['board_1']![5]!.toPrecision(6)),
    );
  });
});
