import { describe, expect, it } from 'vitest';
import { incomingKey, uploadKey } from '#core/intake/keys.ts';
import { type PlacedObject, type SweepDependencies, sweepUploads } from '#core/intake/sweep-uploads.ts';
import type { UploadRecord } from '#core/intake/upload-record.ts';
import type { Store } from '#core/store/store.ts';
import { type FieldService, fieldService, profileOf, startMs } from '../field-service.ts';

const hourMs = 3_600_000;
const everything = { settledS: 0 };

/** The dependencies of a sweep over what is in the uploads bucket, each object as old as `ageMs` says. */
function sweepOf(service: FieldService, more: Partial<SweepDependencies> & { ageMs?: (key: string) => number } = {}) {
  const { ageMs = () => 0, ...rest } = more;
  const found: [string, string][] = [];
  async function* placed(): AsyncGenerator<PlacedObject> {
    for await (const key of service.uploads.list('incoming/')) {
      yield { key, sizeBytes: service.uploads.objects.get(key)!.length, placedAtMs: startMs - ageMs(key) };
    }
  }
  const dependencies: SweepDependencies = {
    ...service.dependencies,
    placed,
    hasTime: () => true,
    onFound: ({ key }, outcome) => found.push([key, outcome instanceof Error ? outcome.message : outcome.outcome]),
    ...rest,
  };
  return { dependencies, found };
}

const profile = profileOf((index) => 1 + index);
const statusOf = (service: FieldService, { uploadId }: UploadRecord): string =>
  (JSON.parse(Buffer.from(service.data.objects.get(uploadKey(uploadId))!).toString()) as UploadRecord).status;

describe('a sweep', () => {
  it('takes in what waits with an object, quarantines what is bad, and leaves the rest alone', async () => {
    const service = fieldService();
    const device = await service.enrol('a');
    const good = await service.upload(device, profile);
    const bad = await service.upload(device, Buffer.from('no profile'));
    const done = await service.upload(
      device,
      profileOf((index) => 2 + index),
    );
    await service.event(done);
    const unplaced = await service.upload(
      device,
      profileOf((index) => 3 + index),
    );
    await service.uploads.delete(incomingKey(device, unplaced.uploadId));
    await service.uploads.put('incoming/stray', Buffer.from('x'));
    await service.uploads.put(incomingKey(device, '0'.repeat(32)), Buffer.from('never registered'));
    const { dependencies, found } = sweepOf(service);
    expect(await sweepUploads(dependencies, everything)).toEqual({ looked: 5, found: 2, failed: 0, complete: true });
    expect([good, bad, done, unplaced].map((upload) => statusOf(service, upload))).toEqual([
      'accepted',
      'quarantined',
      'accepted',
      'waiting',
    ]);
    expect(found.sort()).toEqual(
      [
        [incomingKey(device, good.uploadId), 'accepted'],
        [incomingKey(device, bad.uploadId), 'quarantined'],
      ].sort(),
    );
    expect(await sweepUploads(dependencies, everything)).toEqual({ looked: 5, found: 0, failed: 0, complete: true });
  });

  it('looks at the range only, bounds included', async () => {
    const service = fieldService();
    const device = await service.enrol('a');
    const ages = [0, 599_999, 600_000, 48 * hourMs, 48 * hourMs + 1];
    const age = new Map<string, number>();
    for (const ageMs of ages) {
      const { uploadId } = await service.upload(device, profile);
      age.set(incomingKey(device, uploadId), ageMs);
    }
    const { dependencies } = sweepOf(service, { now: () => startMs, ageMs: (key) => age.get(key)! });
    const range = { settledS: 600, newestS: 48 * 3600 };
    expect(await sweepUploads(dependencies, range)).toMatchObject({ looked: 2, found: 2 });
    expect(await sweepUploads(dependencies, { settledS: 600 })).toMatchObject({ looked: 3, found: 1 });
  });

  it('goes on after an upload that fails, and after a record that cannot be read', async () => {
    let broken = '';
    const service = fieldService((store) => ({
      ...store,
      put: (key, body, condition) => {
        if (key === broken) return Promise.reject(new Error('no space left'));
        return store.put(key, body, condition);
      },
    }));
    const device = await service.enrol('a');
    const uploads: UploadRecord[] = [];
    for (let count = 0; count < 20; count++) uploads.push(await service.upload(device, Buffer.from(`bad ${count}`)));
    const inOrder = uploads.toSorted((a, b) => (a.uploadId < b.uploadId ? -1 : 1));
    broken = uploadKey(inOrder[3]!.uploadId);
    await service.data.put(uploadKey(inOrder[17]!.uploadId), Buffer.from('{"upl'));
    const { dependencies, found } = sweepOf(service);
    expect(await sweepUploads(dependencies, everything)).toEqual({ looked: 20, found: 20, failed: 2, complete: true });
    expect(found.filter(([, outcome]) => outcome === 'quarantined')).toHaveLength(18);
    expect(found[3]).toEqual([incomingKey(device, inOrder[3]!.uploadId), 'no space left']);
    broken = '';
    expect(await sweepUploads(dependencies, everything)).toMatchObject({ found: 2, failed: 1 });
  });

  it('gives up a store that is ill, after twenty failures in a row', async () => {
    const service = fieldService((store: Store) => ({ ...store, put: () => Promise.reject(new Error('full')) }));
    const device = await service.enrol('a');
    for (let count = 0; count < 30; count++) await service.upload(device, Buffer.from(`bad ${count}`));
    const { dependencies } = sweepOf(service);
    expect(await sweepUploads(dependencies, everything)).toEqual({
      looked: 20,
      found: 20,
      failed: 20,
      complete: false,
    });
  });

  it('stops when its time is up, and the next one does the rest', async () => {
    const service = fieldService();
    const device = await service.enrol('a');
    for (let count = 0; count < 5; count++) await service.upload(device, Buffer.from(`bad ${count}`));
    let left = 3;
    const { dependencies } = sweepOf(service, { hasTime: () => left-- > 0 });
    expect(await sweepUploads(dependencies, everything)).toEqual({ looked: 3, found: 3, failed: 0, complete: false });
    left = 100;
    expect(await sweepUploads(dependencies, everything)).toEqual({ looked: 5, found: 2, failed: 0, complete: true });
  });
});
