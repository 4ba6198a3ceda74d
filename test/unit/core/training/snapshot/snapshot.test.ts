// Snapshots: read back what was frozen; the same dataset under the same id, a changed one under another; devices and
// folds.
import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { targetOfColumn } from '#cli/import/table-profiles.ts';
import { searchSpace } from '#core/search-space/registry.ts';
import { workloadKey } from '#core/search-space/workload.ts';
import { readTargetData } from '#core/targets/target-in-use.ts';
import { foldsOf } from '#core/training/fits/plan-fits.ts';
import { snapshotKey } from '#core/training/keys.ts';
import { runSettingsSchema } from '#core/training/runs/run-settings.ts';
import { readCountedTargets } from '#core/training/snapshot/counted-targets.ts';
import { freezeSnapshot } from '#core/training/snapshot/freeze-snapshot.ts';
import { readGraphPool } from '#core/training/snapshot/graph-pool.ts';
import { hardwareKeyOf } from '#core/training/snapshot/hardware-key.ts';
import {
  type Manifest,
  readGraphMeasurements,
  readManifest,
  readMeasurements,
} from '#core/training/snapshot/snapshot.ts';
import { SnapshotFiles } from '#core/training/snapshot/snapshot-files.ts';
import { trainingPool } from '#core/training/snapshot/training-pool.ts';
import { fieldService, profileOf } from '../../field-service.ts';
import { mapStore } from '../../map-store.ts';
import { type CountedDataset, countedTargets, descriptorWith, storeCountedDataset } from '../counted-training.ts';
import { columns, space, storeDataset, storeStandardTarget, targets, texts } from '../tiny-training.ts';

describe('freezing', () => {
  it('writes files that hold every measurement, and a manifest with their hashes, last', async () => {
    const store = mapStore();
    await storeDataset(store);
    const manifest = await freezeSnapshot(store);
    const puts = store.calls.filter((call) => call.startsWith('put snapshots/')).map((call) => call.split('/').at(-1));
    expect(puts).toEqual(['measurements.parquet', 'descriptors.parquet', 'manifest.json']);
    const bytes = store.objects.get(snapshotKey(manifest.snapshotId, 'measurements.parquet'))!;
    expect(createHash('sha256').update(bytes).digest('hex')).toBe(manifest.measurements.sha256);
    const read = await readMeasurements(store, await readManifest(store, manifest.snapshotId));
    const rows = new Map(
      Array.from(read.target, (target, i) => [
        `${manifest.targets[target]!.id} ${workloadKey(read.workloads[read.workload[i]!]!)} ${read.texts[read.architecture[i]!]}`,
        read.latencyMs[i],
      ]),
    );
    expect(rows.size).toBe(6 * texts.length);
    for (const [column, latencyMs] of Object.entries(columns)) {
      const [target, batchSize] = column.split('_');
      expect(rows.get(`${target} nasbench201/32/${batchSize} ${texts[17]}`)).toBe(
        Number(latencyMs[17]!.toPrecision(6)),
      );
    }
    expect(manifest.targets.find(({ id }) => id === 'phone')).toMatchObject({
      hardwareKey: 'phone',
      measurements: 2 * texts.length,
      workloads: [1, 32].map((batchSize) => ({
        searchSpace: 'nasbench201',
        inputSize: 32,
        batchSize,
        measurements: texts.length,
      })),
    });
  });

  it('holds what operator graphs took, in a file of its own, and their targets beside the others', async () => {
    const store = mapStore();
    await storeDataset(store);
    const without = await freezeSnapshot(store);
    expect(without).not.toHaveProperty('graphs');
    await storeStandardTarget(store, 'camera');
    await storeStandardTarget(store, 'gate', 0.5, 11);
    const manifest = await freezeSnapshot(store);
    expect(manifest.snapshotId).not.toBe(without.snapshotId);
    const stated = manifest.targets.filter(({ models }) => models !== undefined);
    expect(stated).toMatchObject([
      { id: 'camera', hardwareKey: 'camera', measurements: 0, workloads: [], models: 17, excluded: null },
      { id: 'gate', models: 11, excluded: '11 measurements; at least 64 are needed, or 12 of models' },
    ]);
    const rows = await readGraphMeasurements(store, await readManifest(store, manifest.snapshotId));
    const camera = manifest.targets.findIndex(({ id }) => id === 'camera');
    const data = (await readTargetData(store, 'camera'))!;
    expect(rows.filter(({ target }) => target === camera)).toEqual(
      data.modelValues!.map(([row, , latencyMs]) => ({ target: camera, model: data.models![row], latencyMs })),
    );
    expect(rows).toHaveLength(28);
    // Nobody is evaluated on it: it is in no fold.
    expect(foldsOf(manifest, 12)).toEqual(foldsOf(without, 12));
    const pool = await readGraphPool(store, manifest, { graphs: 5, nodes: 1e6 });
    expect(pool.columns.map(({ target }) => target)).toEqual(['camera']);
    expect(pool.graphs).toHaveLength(5);
    const place = data.models!.indexOf(pool.graphs[3]!.id);
    expect(pool.columns[0]!.latencyMs[3]).toBe(data.modelValues![place]![2]);
    const key = snapshotKey(manifest.snapshotId, 'graphs.parquet');
    store.objects.set(key, store.objects.get(key)!.slice(1));
    await expect(readGraphMeasurements(store, manifest)).rejects.toThrow('not the file of its manifest');
  });

  it('holds the descriptors that have counters whole, with the runtime, in a file of its own', async () => {
    const store = mapStore();
    await storeCountedDataset(store, { without: ['board-tflite'] });
    const manifest = await readManifest(store, (await freezeSnapshot(store)).snapshotId);
    expect(manifest.counted!.rows).toBe(7);
    const wanted = ['tablet-tflite', 'phone-onnxruntime'];
    const read = await readCountedTargets(store, manifest, (there) => {
      expect(there.map(({ target }) => target)).toEqual(
        countedTargets.filter((id) => id !== 'board-tflite').toSorted(),
      );
      return wanted.map((id) => there.find(({ target }) => target === id)!);
    });
    const stored = async (id: string) => (await readTargetData(store, id))!.descriptor!.descriptor;
    expect(read).toEqual([
      { target: wanted[0], runtime: 'tflite', descriptor: await stored(wanted[0]!) },
      { target: wanted[1], runtime: 'onnxruntime', descriptor: await stored(wanted[1]!) },
    ]);
    const key = snapshotKey(manifest.snapshotId, 'counted.parquet');
    store.objects.set(key, store.objects.get(key)!.slice(1));
    await expect(readCountedTargets(store, manifest, () => [])).rejects.toThrow('not the file of its manifest');
    // As in a snapshot of before.
    const { counted: _, ...older } = manifest;
    expect(await readCountedTargets(store, older, (there) => there)).toEqual([]);
  });

  it('is another one with counters, or in another runtime, and the one of versions before without', async () => {
    const frozen = async (dataset: CountedDataset) => {
      const store = mapStore();
      await storeCountedDataset(store, dataset);
      return freezeSnapshot(store);
    };
    const uncounted = await frozen({ cacheMisses: () => undefined });
    expect(uncounted).not.toHaveProperty('counted');
    expect(uncounted.snapshotId).toBe('778975cd0c1eb312');
    const counted = await frozen({});
    // What that version, whose fits learned nothing from counters, called it.
    expect(counted.snapshotId).not.toBe('a6d77e9c24942528');
    expect(await frozen({})).toEqual(counted);
    expect((await frozen({ runtimes: ['onnxruntime', 'ncnn'] })).snapshotId).not.toBe(counted.snapshotId);
  });

  it('reads any of many descriptors', async () => {
    const store = mapStore();
    const files = new SnapshotFiles();
    const ids = Array.from({ length: 150 }, (_, i) => `target-${i}`);
    for (const [i, id] of ids.entries()) {
      files.add(id, [], { rows: [], graphs: [], descriptor: descriptorWith(i), runtime: `runtime ${i}` });
    }
    const { bytes } = files.finish([]).counted!;
    await store.put(snapshotKey('many', 'counted.parquet'), bytes);
    const manifest = {
      ...(await frozenDataset()),
      snapshotId: 'many',
      counted: { sha256: createHash('sha256').update(bytes).digest('hex'), sizeBytes: bytes.length, rows: 150 },
    };
    const wanted = [149, 0, 63, 64, 127, 128];
    const read = await readCountedTargets(store, manifest, (there) => wanted.map((i) => there[i]!));
    expect(read).toEqual(
      wanted.map((i) => ({ target: ids[i], runtime: `runtime ${i}`, descriptor: descriptorWith(i) })),
    );
  });

  it('gives the same snapshot and bytes for the same dataset, and writes nothing then', async () => {
    const [a, b] = [mapStore(), mapStore()];
    await storeDataset(a);
    await storeDataset(b);
    const first = await freezeSnapshot(a);
    expect(await freezeSnapshot(b)).toEqual(first);
    for (const file of ['measurements.parquet', 'manifest.json'] as const) {
      const key = snapshotKey(first.snapshotId, file);
      expect(Buffer.compare(a.objects.get(key)!, b.objects.get(key)!)).toBe(0);
    }
    a.calls.length = 0;
    expect(await freezeSnapshot(a)).toEqual(first);
    expect(a.calls.filter((call) => call.startsWith('put'))).toEqual([]);
  });

  it('gives another snapshot when one latency changes', async () => {
    const store = mapStore();
    await storeDataset(store);
    const { snapshotId } = await freezeSnapshot(store);
    const other = mapStore();
    const board = columns['board_1']!.slice();
    board[3]! *= 1.01;
    await storeDataset(other, { ...columns, board_1: board });
    expect((await freezeSnapshot(other)).snapshotId).not.toBe(snapshotId);
  });

  it('takes a device’s profiles merged, and says of a target with few why nothing is learned from it', async () => {
    const service = fieldService();
    const device = await service.enrol('pi');
    await service.send(
      device,
      profileOf((i) => 5 + i),
    );
    await storeDataset(service.data);
    const { targets: frozen, hardwareKeys } = await freezeSnapshot(service.data);
    const field = frozen.find(({ id }) => !targets.some((known) => known === id))!;
    expect(field).toMatchObject({ measurements: 20, excluded: expect.stringContaining('20 measurements') });
    expect(hardwareKeys).toContain(field.hardwareKey);
  });

  it('refuses a dataset without a target to learn from', async () => {
    const store = mapStore();
    await expect(freezeSnapshot(store)).rejects.toMatchObject({ code: 'too-few-measurements' });
  });

  it('does not believe a damaged file', async () => {
    const store = mapStore();
    await storeDataset(store);
    const manifest = await freezeSnapshot(store);
    const key = snapshotKey(manifest.snapshotId, 'measurements.parquet');
    store.objects.set(key, store.objects.get(key)!.slice(1));
    await expect(readMeasurements(store, manifest)).rejects.toThrow('not the file of its manifest');
  });
});

const frozenOn = (hardwareKey: string) => ({
  id: hardwareKey,
  hardwareKey,
  measurements: 100,
  workloads: [{ searchSpace: 'nasbench201', inputSize: 32, batchSize: 1, measurements: 100 } as const],
  excluded: null,
});

describe('devices', () => {
  it('have their runtimes and settings together', () => {
    const target = targetOfColumn('pi');
    const key = (threads: number, model = 'pi') =>
      hardwareKeyOf({
        target: {
          ...target,
          hardware: { ...target.hardware, model },
          runtime: { ...target.runtime, settings: { threads } },
        },
      });
    expect(key(1)).toBe(key(4));
    expect(key(1)).not.toBe(key(1, 'pi 5'));
  });

  it('stay in their fold when a new one comes', async () => {
    const store = mapStore();
    await storeDataset(store);
    const manifest = await freezeSnapshot(store);
    const before = foldsOf(manifest, 3);
    expect(before).toEqual([
      { fold: 0, hardwareKeys: ['phone', 'tablet'] },
      { fold: 1, hardwareKeys: ['server'] },
      { fold: 2, hardwareKeys: ['board'] },
    ]);
    const more = {
      ...manifest,
      hardwareKeys: [...manifest.hardwareKeys, 'watch'],
      targets: [...manifest.targets, frozenOn('watch')],
    };
    expect(foldsOf(more, 3)[1]!.hardwareKeys).toEqual(['server', 'watch']);
  });

  it('are held out one at a time, unless there are more than the settings allow', async () => {
    const store = mapStore();
    await storeDataset(store);
    const manifest = await freezeSnapshot(store);
    const { folds } = runSettingsSchema.parse({});
    expect(foldsOf(manifest, folds).map(({ hardwareKeys }) => hardwareKeys)).toEqual([
      ['phone'],
      ['server'],
      ['board'],
      ['tablet'],
    ]);
    // As many as the shipped tables have.
    const hardwareKeys = Array.from({ length: 12 }, (_, i) => `device-${i}`);
    const all = { ...manifest, hardwareKeys, targets: hardwareKeys.map(frozenOn) };
    expect(foldsOf(all, folds).map((fold) => fold.hardwareKeys)).toEqual(hardwareKeys.map((key) => [key]));
  });
});

describe('the training pool', () => {
  it('is bounded, spreads targets over devices, and keeps architectures to evaluate on apart', async () => {
    const store = mapStore();
    await storeDataset(store);
    const manifest = await freezeSnapshot(store);
    const measurements = await readMeasurements(store, manifest);
    const limits = { architectures: 60, testArchitectures: 10, targets: 3 };
    const [set] = trainingPool(manifest, measurements, limits).sets;
    expect(set).toMatchObject({ id: 'nasbench201/32', inputSize: 32, trained: 60 });
    expect(set!.architectures).toHaveLength(70);
    // One target of every hardware in turn, those with most measurements first.
    expect(set!.columns.map(({ target, batchSize }) => `${target} ${batchSize}`).sort()).toEqual(
      ['phone 1', 'phone 32', 'server 1', 'server 32', 'board 1'].sort(),
    );
    const [whole] = trainingPool(manifest, measurements).sets;
    expect(whole!.architectures).toHaveLength(texts.length);
    expect(new Set(whole!.architectures.map((a) => space.format(a))).size).toBe(texts.length);
    const share = (texts.length - whole!.trained) / texts.length;
    expect(share).toBeGreaterThan(0.12);
    expect(share).toBeLessThan(0.28);
    const row = whole!.architectures.findIndex((a) => space.format(a) === texts[5]);
    const column = whole!.columns.find(({ target, batchSize }) => target === 'phone' && batchSize === 32)!;
    expect(column.latencyMs[row]).toBe(Number(columns['phone_32']![5]!.toPrecision(6)));
  });

  it('has a set for each search space and input size; the batch sizes of one are its columns', async () => {
    const manifest: Manifest = { ...(await frozenDataset()), hardwareKeys: ['a'], targets: [frozenOn('a')] };
    const ofa = { searchSpace: 'ofa', inputSize: null, batchSize: 1 } as const;
    const small = { searchSpace: 'nasbench201', inputSize: 32, batchSize: 1 } as const;
    const [pool, text] = [searchSpace('ofa').example, space.example];
    const { sets } = trainingPool(manifest, {
      texts: [text, pool],
      workloads: [small, ofa, { ...small, batchSize: 8 }, { ...small, inputSize: 64 }],
      target: new Int32Array(4),
      workload: Int32Array.of(0, 1, 2, 3),
      architecture: Int32Array.of(0, 1, 0, 0),
      latencyMs: Float64Array.of(1, 2, 3, 4),
    });
    const seen = sets.map(({ id, columns: own }) => [id, own.map((c) => [c.batchSize, [...c.latencyMs]])]);
    expect(seen).toEqual([
      [
        'nasbench201/32',
        [
          [1, [1]],
          [8, [3]],
        ],
      ],
      ['nasbench201/64', [[1, [4]]]],
      ['ofa/-', [[1, [2]]]],
    ]);
  });
});

async function frozenDataset(): Promise<Manifest> {
  const store = mapStore();
  await storeDataset(store);
  return freezeSnapshot(store);
}
