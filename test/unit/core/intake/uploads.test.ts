import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import {
  type PlaceRequest,
  type RegisterUploadDependencies,
  type RegisterUploadRequest,
  registerUpload,
} from '#core/intake/register-upload.ts';
import { showUpload } from '#core/intake/show-upload.ts';
import { mapStore } from '../map-store.ts';

const noonMs = Date.UTC(2026, 1, 3, 12);
const request: RegisterUploadRequest = {
  deviceId: 'pi-1',
  searchSpace: 'nasbench201',
  sizeBytes: 1000,
  sha256: 'a'.repeat(64),
  now: noonMs,
};

function setUp(dailyQuota = 5) {
  const store = mapStore();
  const opened: PlaceRequest[] = [];
  const dependencies: RegisterUploadDependencies<{ readonly at: string }> = {
    store,
    openPlace: async (wanted) => {
      opened.push(wanted);
      return { at: wanted.key };
    },
    randomBytes,
    dailyQuota,
    validForS: 900,
  };
  const register = (more: Partial<RegisterUploadRequest> = {}) => registerUpload(dependencies, { ...request, ...more });
  return { store, opened, register };
}

describe('registering uploads', () => {
  it('gives a place of its own for exactly these bytes', async () => {
    const { store, opened, register } = setUp();
    const { upload, place, expiresAt } = await register();
    expect(upload).toEqual({
      uploadId: expect.stringMatching(/^[0-9a-f]{32}$/),
      deviceId: 'pi-1',
      searchSpace: 'nasbench201',
      sizeBytes: 1000,
      sha256: 'a'.repeat(64),
      registeredAt: '2026-02-03T12:00:00.000Z',
      status: 'waiting',
    });
    const key = `incoming/pi-1/${upload.uploadId}.json.gz`;
    expect(opened).toEqual([{ key, sizeBytes: 1000, sha256: 'a'.repeat(64), validForS: 900 }]);
    expect(place).toEqual({ at: key });
    expect(expiresAt).toBe('2026-02-03T12:15:00.000Z');
    expect(store.calls).toHaveLength(3);
    expect((await register()).upload.uploadId).not.toBe(upload.uploadId);
  });

  it.each([0, -1, 5 * 2 ** 20 + 1])('refuses a size of %i', async (sizeBytes) => {
    const { store, register } = setUp();
    await expect(register({ sizeBytes })).rejects.toMatchObject({ code: 'invalid-request' });
    await expect(register({ searchSpace: 'darts' })).rejects.toMatchObject({ code: 'unknown-search-space' });
    expect(store.objects.size).toBe(0);
  });

  it('gives the same place again for the same idempotency key, also once it is finished', async () => {
    const { store, register } = setUp(1);
    const first = await register({ idempotencyKey: 'k' });
    const again = await register({ idempotencyKey: 'k', now: noonMs + 1000 });
    expect(again.upload).toEqual(first.upload);
    expect(again.expiresAt).toBe('2026-02-03T12:15:01.000Z');
    for (const other of [{ sizeBytes: 999 }, { sha256: 'b'.repeat(64) }, { searchSpace: 'fbnet' }]) {
      await expect(register({ ...other, idempotencyKey: 'k' })).rejects.toMatchObject({ code: 'conflict' });
    }
    const key = `uploads/${first.upload.uploadId}.json`;
    const finished = { ...first.upload, status: 'accepted', finishedAt: first.upload.registeredAt };
    store.objects.set(key, new TextEncoder().encode(JSON.stringify(finished)));
    expect(await register({ idempotencyKey: 'k' })).toMatchObject({ upload: finished, place: first.place });
  });

  it('needs no search space; an agent that no longer says one gets the same place again', async () => {
    const { register } = setUp();
    const { upload } = await register({ searchSpace: undefined });
    expect(upload).not.toHaveProperty('searchSpace');
    const said = await register({ idempotencyKey: 'k' });
    expect((await register({ idempotencyKey: 'k', searchSpace: undefined })).upload).toEqual(said.upload);
    const unsaid = await register({ idempotencyKey: 'l', searchSpace: undefined });
    expect((await register({ idempotencyKey: 'l' })).upload).toEqual(unsaid.upload);
  });

  it('keeps the idempotency keys of devices apart', async () => {
    const { register } = setUp();
    const mine = await register({ idempotencyKey: 'k' });
    const other = await register({ idempotencyKey: 'k', deviceId: 'pi-2', sizeBytes: 7 });
    expect(other.upload.uploadId).not.toBe(mine.upload.uploadId);
  });

  it('holds the quota of a day, also when all come at once, and frees it at midnight UTC', async () => {
    const { store, register } = setUp(5);
    const results = await Promise.allSettled(Array.from({ length: 20 }, () => register()));
    const accepted = results.filter(({ status }) => status === 'fulfilled').length;
    // Each marks before it counts: never more than the quota; refused ones may have counted each other.
    expect(accepted).toBeLessThanOrEqual(5);
    for (let i = accepted; i < 5; i++) await register();
    await expect(register()).rejects.toMatchObject({ code: 'quota-exceeded' });
    await register({ deviceId: 'pi-2' });
    await register({ now: Date.UTC(2026, 1, 4) });
    expect([...store.objects.keys()].filter((key) => key.startsWith('upload-quota/pi-1/2026-02-03/'))).toHaveLength(5);
  });

  it('registers once what is registered twice at once', async () => {
    const { store, register } = setUp();
    const both = await Promise.all([register({ idempotencyKey: 'k' }), register({ idempotencyKey: 'k' })]);
    expect(both[0]!.upload.uploadId).toBe(both[1]!.upload.uploadId);
    expect([...store.objects.keys()].filter((key) => key.startsWith('uploads/'))).toHaveLength(1);
  });

  it('shows an upload to its device and to operators', async () => {
    const { store, register } = setUp();
    const { upload } = await register();
    const device = { tokenId: 't', role: 'device', deviceId: 'pi-1' } as const;
    expect(await showUpload(store, device, upload.uploadId)).toEqual(upload);
    expect(await showUpload(store, { tokenId: 'o', role: 'operator' }, upload.uploadId)).toEqual(upload);
    const missing = { code: 'not-found' };
    await expect(showUpload(store, { ...device, deviceId: 'pi-2' }, upload.uploadId)).rejects.toMatchObject(missing);
    await expect(showUpload(store, { tokenId: 't', role: 'device' }, upload.uploadId)).rejects.toMatchObject(missing);
    await expect(showUpload(store, device, '../tokens/x')).rejects.toMatchObject(missing);
  });
});
