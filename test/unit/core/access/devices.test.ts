import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { enrolDevice } from '#core/access/enrol-device.ts';
import { listDevices } from '#core/access/list-devices.ts';
import { revokeDevice } from '#core/access/revoke-device.ts';
import { tokenVerifier } from '#core/access/verify-token.ts';
import { DomainError } from '#core/errors.ts';
import { mapStore } from '../map-store.ts';

const day = 86_400;
const request = { name: 'Küche: Pi #3', validForS: 30 * day, callerTokenId: 'operator-1', now: 0, randomBytes };
const verifierOf = (store: ReturnType<typeof mapStore>, now = 0) =>
  tokenVerifier({ store, now: () => now, elapsedMs: () => 0, cacheS: 0 });

describe('enrolling devices', () => {
  it('gives a token that works and is kept nowhere', async () => {
    const store = mapStore();
    const { device, token } = await enrolDevice(store, request);
    expect(device.deviceId).toMatch(/^kuche-pi-3-[0-9a-f]{16}$/);
    expect(device).toMatchObject({ name: 'Küche: Pi #3', expiresAt: new Date(30 * day * 1000).toISOString() });
    expect(await verifierOf(store)(token)).toMatchObject({ role: 'device', deviceId: device.deviceId });
    const secret = token.split('_').slice(2).join('_');
    for (const body of store.objects.values()) expect(new TextDecoder().decode(body)).not.toContain(secret);
    await expect(verifierOf(store, 30 * day * 1000)(token)).rejects.toMatchObject({ code: 'unauthorized' });
  });

  it('gives two devices of one name two ids', async () => {
    const store = mapStore();
    const ids = new Set<string>();
    for (const name of ['a', 'a', '名前', '名前'])
      ids.add((await enrolDevice(store, { ...request, name })).device.deviceId);
    expect(ids.size).toBe(4);
    expect([...ids][2]).toMatch(/^device-/);
  });

  it('gives a new token for the same idempotency key and ends the one before', async () => {
    const store = mapStore();
    const again = { ...request, idempotencyKey: 'k1' };
    const first = await enrolDevice(store, again);
    const second = await enrolDevice(store, { ...again, now: 5000 });
    expect(second.device).toMatchObject({ deviceId: first.device.deviceId, createdAt: first.device.createdAt });
    await expect(verifierOf(store)(first.token)).rejects.toMatchObject({ message: /revoked/ });
    expect(await verifierOf(store)(second.token)).toMatchObject({ deviceId: first.device.deviceId });
    const others = await enrolDevice(store, { ...again, callerTokenId: 'operator-2' });
    expect(others.device.deviceId).not.toBe(first.device.deviceId);
    await expect(enrolDevice(store, { ...again, validForS: 1, name: 'Küche: Pi  3' })).rejects.toMatchObject({
      code: 'conflict',
    });
  });

  it('does not end its own token where the answer of its write is lost', async () => {
    const store = mapStore();
    let losses = 1;
    const losing = {
      ...store,
      put: async (key: string, ...rest: [Uint8Array, object?]) => {
        const written = await store.put(key, ...rest);
        if (!key.startsWith('devices/') || losses-- <= 0) return written;
        throw new DomainError('precondition-failed', 'as an answer that was lost, and the write made again');
      },
    };
    const { device, token } = await enrolDevice(losing, request);
    expect(await verifierOf(store)(token)).toMatchObject({ deviceId: device.deviceId });
  });

  it('lists page by page', async () => {
    const store = mapStore();
    for (const name of ['c', 'a', 'b']) await enrolDevice(store, { ...request, name });
    const first = await listDevices(store, { limit: 2 });
    expect(first.devices.map(({ name }) => name)).toEqual(['a', 'b']);
    const second = await listDevices(store, { limit: 2, cursor: first.nextCursor! });
    expect(second).toMatchObject({ devices: [{ name: 'c' }], nextCursor: null });
    await expect(listDevices(store, { limit: 2, cursor: 'x' })).rejects.toMatchObject({ code: 'invalid-request' });
  });

  it('revokes, again without change, and not what there is not', async () => {
    const store = mapStore();
    const { device, token } = await enrolDevice(store, { ...request, idempotencyKey: 'k' });
    const revoked = await revokeDevice(store, device.deviceId, 1000);
    expect(revoked.revokedAt).toBe('1970-01-01T00:00:01.000Z');
    expect(await revokeDevice(store, device.deviceId, 2000)).toEqual(revoked);
    await expect(verifierOf(store)(token)).rejects.toMatchObject({ message: /revoked/ });
    await expect(enrolDevice(store, { ...request, idempotencyKey: 'k' })).rejects.toMatchObject({ code: 'conflict' });
    for (const id of ['nobody', '../tokens/x', 'A'.repeat(500)]) {
      await expect(revokeDevice(store, id, 0)).rejects.toMatchObject({ code: 'not-found' });
    }
  });

  it('finishes a revocation that was cut off', async () => {
    const store = mapStore();
    const { device, token } = await enrolDevice(store, request);
    const failing = {
      ...store,
      put: async (key: string, ...rest: [Uint8Array, object?]) => {
        if (key.startsWith('tokens/')) throw new Error('cut off');
        return store.put(key, ...rest);
      },
    };
    await expect(revokeDevice(failing, device.deviceId, 0)).rejects.toThrow('cut off');
    await revokeDevice(store, device.deviceId, 1);
    await expect(verifierOf(store)(token)).rejects.toMatchObject({ message: /revoked/ });
  });
});
