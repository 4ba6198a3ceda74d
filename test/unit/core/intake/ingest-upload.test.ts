import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { beforeAll, describe, expect, it } from 'vitest';
import { deviceKey } from '#core/access/keys.ts';
import { revokeDevice } from '#core/access/revoke-device.ts';
import { targetDataSchema } from '#core/dataset/target-data.ts';
import { ingestUpload } from '#core/intake/ingest-upload.ts';
import { incomingKey, uploadKey } from '#core/intake/keys.ts';
import { type UploadRecord, uploadRecordSchema } from '#core/intake/upload-record.ts';
import type { Store } from '#core/store/store.ts';
import { readJson } from '#core/store/stored-json.ts';
import { observedAdaptationSchema } from '#core/targets/kept-adaptation.ts';
import { measurementsKey, targetKey } from '#core/targets/keys.ts';
import { showTarget } from '#core/targets/show-target.ts';
import { targetRecordSchema } from '#core/targets/target-record.ts';
import { exampleProfile } from '#scripts/build-profile-fixtures.ts';
import { fieldService, profileOf } from '../field-service.ts';
import { deployTiny, measured, type Trained, trainTiny } from '../tiny-service.ts';

let trained: Trained;
beforeAll(async () => {
  trained = await trainTiny(1);
});

const server = measured('server', 80).map(({ latencyMs }) => latencyMs);
const latencyOf = (index: number): number => server[index]!;

async function recordOf(store: Store, upload: UploadRecord): Promise<UploadRecord> {
  return (await readJson(store, uploadKey(upload.uploadId), uploadRecordSchema))!.value;
}

const targetOf = async (store: Store, id: string) => (await readJson(store, targetKey(id), targetRecordSchema))?.value;
const dataOf = async (store: Store, id: string) =>
  (await readJson(store, measurementsKey(id), targetDataSchema))?.value;
const adaptationKeyOf = (id: string): string => `adaptations/${trained.predictor.identity.version}/${id}.json`;

/** Every object but what tells the time of its writing. */
function contents({ objects }: { objects: ReadonlyMap<string, Uint8Array> }): Record<string, string> {
  return Object.fromEntries([...objects].sort().map(([key, body]) => [key, Buffer.from(body).toString('latin1')]));
}

describe('ingest', () => {
  it('keeps the profile, the measurements, the adaptation and the record of the target', async () => {
    const service = fieldService();
    await deployTiny(service.data, trained, []);
    const device = await service.enrol('Lab Pi 1');
    expect(device).toMatch(/^lab-pi-1-[0-9a-f]{16}$/);
    const result = await service.send(device, profileOf(latencyOf));
    expect(result).toMatchObject({ outcome: 'accepted', upload: { status: 'accepted', deviceId: device } });
    if (result.outcome !== 'accepted') return;
    const { targetId, ...accepted } = result.upload.accepted!;
    expect(accepted).toEqual({ measurements: 20, excludedCount: 0, excluded: [] });
    expect(await recordOf(service.data, result.upload)).toEqual(result.upload);

    const stored = service.data.objects.get(`profiles/${targetId}/${result.upload.sha256}.json.gz`);
    expect(stored).toEqual(service.uploads.objects.get(incomingKey(device, result.upload.uploadId)));
    expect((await dataOf(service.data, targetId))!.values).toHaveLength(20);
    expect(await targetOf(service.data, targetId)).toMatchObject({
      title: 'Raspberry Pi 5 Model B, onnxruntime 1.30.0 (cpu, 4 threads), fp32',
      source: 'device',
      measurements: 20,
      workloads: [{ searchSpace: 'nasbench201', inputSize: 32, batchSize: 1, measurements: 20 }],
      profiles: 1,
      devices: [device],
      descriptor: null,
      target: profileOf(latencyOf).target,
    });
    const adaptation = await readJson(service.data, adaptationKeyOf(targetId), observedAdaptationSchema);
    expect(adaptation?.value).toMatchObject({ dataRevision: 1, measurements: 20 });
    expect(adaptation!.value.expectedError).toBeGreaterThan(0);
  });

  it('costs thirteen requests for a profile, and four for one that is quarantined', async () => {
    const service = fieldService();
    await deployTiny(service.data, trained, []);
    const device = await service.enrol('a');
    await service.send(device, profileOf(latencyOf, { model: 'Another' }));
    const good = await service.upload(device, profileOf(latencyOf));
    const bad = await service.upload(device, Buffer.from('nonsense'));
    const count = async (upload: UploadRecord): Promise<number> => {
      service.data.calls.length = 0;
      service.uploads.calls.length = 0;
      await service.event(upload);
      return service.data.calls.length + service.uploads.calls.length;
    };
    expect(await count(good)).toBe(13);
    expect(service.data.calls.filter((call) => call.startsWith('list'))).toEqual(['list withdrawals/']);
    expect(await count(bad)).toBe(4);
    // The event again: the record, the device and the object are read.
    expect(await count(good)).toBe(3);
  });

  it('names excluded measurements and uses the others', async () => {
    const service = fieldService();
    const profile = profileOf((index) => (index === 3 ? -1 : latencyOf(index)));
    const result = await service.send(await service.enrol('a'), profile);
    expect(result).toMatchObject({
      upload: {
        status: 'accepted',
        accepted: { measurements: 19, excludedCount: 1, excluded: [{ index: 3, code: 'latency-not-positive' }] },
      },
    });
    if (result.outcome !== 'accepted') return;
    const record = await targetOf(service.data, result.upload.accepted!.targetId);
    expect(record).toMatchObject({ measurements: 19, excluded: { 'latency-not-positive': 1 } });
  });

  it('quarantines with a reason and keeps nothing else', async () => {
    const service = fieldService();
    const device = await service.enrol('a');
    const before = Object.keys(contents(service.data)).length;
    const result = await service.send(device, { ...exampleProfile, descriptor: null, measurements: [] });
    expect(result).toMatchObject({
      outcome: 'quarantined',
      upload: { status: 'quarantined', quarantined: { code: 'schema-invalid' } },
    });
    // The upload's record and its mark in the quota.
    expect(Object.keys(contents(service.data))).toHaveLength(before + 2);
  });

  it('makes a target of a descriptor alone predictable, and measurements refine it', async () => {
    const service = fieldService();
    await deployTiny(service.data, trained, []);
    const device = await service.enrol('a');
    const described = {
      ...profileOf(latencyOf),
      workloads: [],
      measurements: [],
      descriptor: exampleProfile.descriptor,
    };
    const first = await service.send(device, described);
    if (first.outcome !== 'accepted') throw new Error('not accepted');
    const { targetId, ...accepted } = first.upload.accepted!;
    expect(accepted).toEqual({ measurements: 0, excludedCount: 0, excluded: [] });
    const { length } = Object.values(exampleProfile.descriptor!.operators).filter(
      ({ latency }) => typeof latency !== 'string',
    );
    const shown = await showTarget(service.data, targetId);
    expect(shown).toMatchObject({
      target: { measurements: 0, workloads: [], quality: 'good', descriptor: { operatorsMeasured: length } },
      adaptation: {
        measurements: 0,
        operators: length,
        trust: 'measure-first',
        trustReason: `0 measurements beside a descriptor of ${length} operators; at least 5 are needed`,
      },
    });
    await service.send(device, profileOf(latencyOf));
    const { adaptation } = await showTarget(service.data, targetId);
    expect(adaptation).toMatchObject({ measurements: 20, operators: length });
    expect(adaptation!.expectedError).not.toBe(shown.adaptation!.expectedError);
    const { prices, measureNext } = adaptation!.behaviour!;
    expect(prices.reduce((sum, { share }) => sum + share, 0)).toBeCloseTo(1, 3);
    expect(measureNext).toHaveLength(3);
  });

  it('ignores what nobody registered', async () => {
    const { dependencies, uploads, ...service } = fieldService();
    const unknown = incomingKey('a', '0'.repeat(32));
    for (const [key, reason] of [
      ['incoming/a/b/c.json.gz', 'foreign-key'],
      ['elsewhere', 'foreign-key'],
      [unknown, 'not-registered'],
    ]) {
      expect(await ingestUpload(dependencies, { key: key!, sizeBytes: 10 })).toEqual({ outcome: 'ignored', reason });
    }
    const upload = await service.upload(await service.enrol('a'), exampleProfile);
    await uploads.delete(incomingKey(upload.deviceId, upload.uploadId));
    expect(await service.event(upload)).toEqual({ outcome: 'ignored', reason: 'object-gone' });
    expect((await recordOf(service.data, upload)).status).toBe('waiting');
  });

  it('quarantines what a device put into the place of another, and what a revoked one put', async () => {
    const service = fieldService();
    const [mine, other] = [await service.enrol('mine'), await service.enrol('other')];
    const upload = await service.upload(mine, profileOf(latencyOf));
    const bytes = service.uploads.objects.get(incomingKey(mine, upload.uploadId))!;
    await service.uploads.put(incomingKey(other, upload.uploadId), bytes);
    expect(await service.event({ ...upload, deviceId: other })).toMatchObject({
      upload: { quarantined: { code: 'device-mismatch' } },
    });
    const late = await service.upload(other, profileOf(latencyOf));
    await revokeDevice(service.data, other, 0);
    expect(await service.event(late)).toMatchObject({ upload: { quarantined: { code: 'device-revoked' } } });
    expect(service.data.objects.has(deviceKey(other))).toBe(true);
  });

  it('does not even read an object that is too long', async () => {
    const service = fieldService();
    const upload = await service.upload(await service.enrol('a'), exampleProfile);
    service.uploads.calls.length = 0;
    const result = await service.event({ ...upload, sizeBytes: 6 * 2 ** 20 });
    expect(result).toMatchObject({ upload: { quarantined: { code: 'size-mismatch' } } });
    expect(service.uploads.calls).toEqual([]);
  });

  it('quarantines a target with the id of another, and one that is full', async () => {
    const service = fieldService();
    const device = await service.enrol('a');
    const first = await service.send(device, profileOf(latencyOf));
    if (first.outcome !== 'accepted') throw new Error('not accepted');
    const { targetId } = first.upload.accepted!;
    const key = measurementsKey(targetId);
    const data = (await dataOf(service.data, targetId))!;
    const put = (value: unknown) => service.data.objects.set(key, new TextEncoder().encode(JSON.stringify(value)));

    put({ ...data, target: { ...data.target, hardware: { ...data.target.hardware, vendor: 'Somebody else' } } });
    const second = profileOf(latencyOf, { from: 20, to: 30 });
    const keys = Object.keys(contents(service.data)).filter((each) => each.startsWith('profiles/'));
    expect(await service.send(device, second)).toMatchObject({ upload: { quarantined: { code: 'target-conflict' } } });
    expect(Object.keys(contents(service.data)).filter((each) => each.startsWith('profiles/'))).toEqual(keys);

    const architectures = Array.from({ length: 199_995 }, (_, i) => `a${String(i).padStart(6, '0')}`);
    put({ ...data, architectures, values: architectures.map((_, i) => [0, i, 0, 1]) });
    expect(await service.send(device, second)).toMatchObject({ upload: { quarantined: { code: 'target-full' } } });
  });

  it('lets nobody fill a target that others measure too', async () => {
    const service = fieldService();
    const [hostile, honest] = [await service.enrol('hostile'), await service.enrol('honest')];
    const first = await service.send(hostile, profileOf(latencyOf));
    if (first.outcome !== 'accepted') throw new Error('not accepted');
    const { targetId } = first.upload.accepted!;
    const data = (await dataOf(service.data, targetId))!;
    const architectures = Array.from({ length: 49_995 }, (_, i) => `a${String(i).padStart(6, '0')}`);
    const filled = { ...data, architectures, values: architectures.map((_, i) => [0, i, 0, 1]) };
    const key = measurementsKey(targetId);
    service.data.objects.set(key, new TextEncoder().encode(JSON.stringify(filled)));
    const next = profileOf(latencyOf, { from: 20, to: 30 });
    expect(await service.send(hostile, next)).toMatchObject({ upload: { quarantined: { code: 'target-full' } } });
    expect(await service.send(honest, next)).toMatchObject({ outcome: 'accepted' });
    expect((await dataOf(service.data, targetId))!.values).toHaveLength(50_005);
  });

  it('adds later profiles of a target up', async () => {
    const service = fieldService();
    await deployTiny(service.data, trained, []);
    const [a, b] = [await service.enrol('a'), await service.enrol('b')];
    const results = [
      await service.send(a, profileOf(latencyOf, { to: 12 })),
      await service.send(
        b,
        profileOf((i) => 1.1 * latencyOf(i), { from: 6, to: 18 }),
      ),
      await service.send(
        a,
        profileOf((i) => 0.9 * latencyOf(i), { from: 10, to: 14 }),
      ),
    ];
    const ids = new Set(results.map((result) => 'upload' in result && result.upload.accepted?.targetId));
    expect(ids.size).toBe(1);
    const [id] = ids as Set<string>;
    expect(await targetOf(service.data, id!)).toMatchObject({ measurements: 18, profiles: 3, devices: [a, b] });
    const adaptation = await readJson(service.data, adaptationKeyOf(id!), observedAdaptationSchema);
    expect(adaptation?.value.dataRevision).toBe(3);
    expect(adaptation?.value.selfCheck?.leftOut?.measurements).toBe(18);
  });

  it('keeps one target of a device however it was run, and takes its sixty-fifth workload no more', async () => {
    const service = fieldService();
    const device = await service.enrol('a');
    const ids = new Set<string>();
    for (let batchSize = 1; batchSize <= 64; batchSize++) {
      const result = await service.send(device, profileOf(latencyOf, { to: 2, batchSize }));
      if (result.outcome !== 'accepted') throw new Error('not accepted');
      ids.add(result.upload.accepted!.targetId);
    }
    expect(ids.size).toBe(1);
    const [id] = ids as Set<string>;
    const record = (await targetOf(service.data, id!))!;
    expect(record).toMatchObject({ measurements: 128, profiles: 64 });
    expect(record.workloads).toHaveLength(64);
    expect(record.workloads.every(({ measurements }) => measurements === 2)).toBe(true);
    const next = profileOf(latencyOf, { to: 2, batchSize: 65 });
    expect(await service.send(device, next)).toMatchObject({ upload: { quarantined: { code: 'target-full' } } });
  });

  it('adds profiles of both versions up in one target', async () => {
    const service = fieldService();
    const device = await service.enrol('a');
    const v1 = readFileSync(new URL('../../../fixtures/profiles/version-1/raspberry-pi-5.json', import.meta.url));
    const first = await service.send(device, gzipSync(v1));
    const second = await service.send(device, exampleProfile);
    if (first.outcome !== 'accepted' || second.outcome !== 'accepted') throw new Error('not accepted');
    const { targetId } = first.upload.accepted!;
    expect(second.upload.accepted!.targetId).toBe(targetId);
    expect(await targetOf(service.data, targetId)).toMatchObject({
      profiles: 2,
      measurements: 12,
      workloads: [
        { searchSpace: 'fbnet', inputSize: 224, batchSize: 8, measurements: 2 },
        { searchSpace: 'nasbench201', inputSize: 32, batchSize: 1, measurements: 10 },
      ],
      descriptor: { list: 'nasbench201', inputSize: 32, batchSize: 1, operators: 21, operatorsMeasured: 20 },
    });
    // Ten cells twice, two networks of FBNet once.
    expect((await dataOf(service.data, targetId))!.values).toHaveLength(22);
  });

  it('is accepted before the first training, and adapted under champion and challenger later', async () => {
    const service = fieldService();
    const device = await service.enrol('a');
    const first = await service.send(device, profileOf(latencyOf));
    if (first.outcome !== 'accepted') throw new Error('not accepted');
    const { targetId } = first.upload.accepted!;
    expect((await targetOf(service.data, targetId))?.explained).toBeUndefined();
    await deployTiny(service.data, trained, []);
    const next = await trainTiny(2);
    await deployTiny(service.data, next, []);
    const aliases = { champion: next.predictor.identity.version, challenger: trained.predictor.identity.version };
    service.data.objects.set('predictors/aliases.json', new TextEncoder().encode(JSON.stringify(aliases)));
    await service.send(device, profileOf(latencyOf, { from: 20, to: 30 }));
    for (const version of Object.values(aliases)) {
      const key = `adaptations/${version}/${targetId}.json`;
      expect((await readJson(service.data, key, observedAdaptationSchema))?.value.dataRevision).toBe(2);
    }
  });

  it('does the same once, twice, twice at once and in any order', async () => {
    const profiles = [0, 1, 2, 3].map((part) => profileOf(latencyOf, { from: 5 * part, to: 5 * part + 8 }));
    const run = async (deliver: (events: (() => Promise<unknown>)[]) => Promise<void>) => {
      const service = fieldService();
      await deployTiny(service.data, trained, []);
      const device = await service.enrol('a');
      const uploads: UploadRecord[] = [];
      for (const profile of profiles) uploads.push(await service.upload(device, profile));
      await deliver(uploads.map((upload) => () => service.event(upload)));
      const records = await Promise.all(uploads.map((upload) => recordOf(service.data, upload)));
      expect(records.map(({ status }) => status)).toEqual(['accepted', 'accepted', 'accepted', 'accepted']);
      const id = records[0]!.accepted!.targetId;
      const { profiles: kept, values } = (await dataOf(service.data, id))!;
      const adaptation = (await readJson(service.data, adaptationKeyOf(id), observedAdaptationSchema))!.value;
      const { createdAt: _, updatedAt: __, devices: ___, ...target } = (await targetOf(service.data, id))!;
      return { hashes: kept.map(({ sha256 }) => sha256), values, adaptation, target };
    };
    const once = await run(async (events) => {
      for (const event of events) await event();
    });
    expect(once.hashes).toHaveLength(4);
    expect(once.target).toMatchObject({ measurements: 23, profiles: 4 });
    const backwardsTwice = await run(async (events) => {
      for (const event of [...events, ...events].reverse()) await event();
    });
    const atOnce = await run(async (events) => {
      await Promise.all([...events, ...events, ...events].map((event) => event()));
    });
    expect(backwardsTwice).toEqual(once);
    expect(atOnce).toEqual(once);
  });

  it('ends the same when it is cut off at any request and tried again', async () => {
    let budget = Number.POSITIVE_INFINITY;
    class Cut extends Error {}
    const through = (store: Store): Store => {
      const pay = (): void => {
        if (budget-- <= 0) throw new Cut('cut off');
      };
      return {
        get: (async (key: string, etag?: string) => {
          pay();
          return etag === undefined ? store.get(key) : store.get(key, etag);
        }) as Store['get'],
        // Cut off before the write or after it.
        put: async (key, body, condition) => {
          pay();
          const done = await store.put(key, body, condition);
          pay();
          return done;
        },
        list: (prefix, after) => store.list(prefix, after),
        delete: (key) => store.delete(key),
        pause: (attempt) => store.pause(attempt),
      };
    };
    const service = fieldService(through);
    await deployTiny(service.data, trained, []);
    const device = await service.enrol('a');
    const profile = profileOf(latencyOf, { to: 8 });
    let cuts = 0;
    for (let after = 0; after < 30; after++) {
      const upload = await service.upload(device, { ...profile, context: { ...profile.context, kernel: `k${after}` } });
      budget = after;
      try {
        await service.event(upload);
      } catch (error) {
        expect(error).toBeInstanceOf(Cut);
        cuts++;
      }
      budget = Number.POSITIVE_INFINITY;
      const result = await service.event(upload);
      expect(['accepted', 'finished-before']).toContain(result.outcome);
      const { accepted } = await recordOf(service.data, upload);
      const target = await targetOf(service.data, accepted!.targetId);
      expect(target).toMatchObject({ profiles: after + 1, measurements: 8 });
      const adaptation = await readJson(service.data, adaptationKeyOf(accepted!.targetId), observedAdaptationSchema);
      expect(adaptation?.value.dataRevision).toBe(after + 1);
    }
    expect(cuts).toBeGreaterThan(12);
  });

  it('changes nothing of another target, whatever a device sends', async () => {
    const service = fieldService();
    await deployTiny(service.data, trained, []);
    const [honest, hostile] = [await service.enrol('honest'), await service.enrol('hostile')];
    const good = await service.send(honest, profileOf(latencyOf));
    if (good.outcome !== 'accepted') throw new Error('not accepted');
    const before = contents(service.data);
    await service.send(
      hostile,
      profileOf((i) => (i % 2 === 0 ? 1e5 : 1e-3), { model: 'Poison' }),
    );
    await service.send(
      hostile,
      profileOf((i) => (i % 2 === 0 ? 1e5 : 1e-3), { model: 'Raspberry Pi 5 Model B+', batchSize: 2 }),
    );
    await service.send(hostile, Buffer.from('nonsense'));
    const after = contents(service.data);
    for (const [key, body] of Object.entries(before)) expect(after[key]).toBe(body);
  });
});
