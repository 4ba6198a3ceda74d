import { randomBytes } from 'node:crypto';
import { beforeEach, describe, expect, it } from 'vitest';
import { type EnrolledDevice, enrolDevice } from '#core/access/enrol-device.ts';
import { revokeDevice } from '#core/access/revoke-device.ts';
import { rotateDeviceToken } from '#core/access/rotate-device-token.ts';
import { tokenVerifier } from '#core/access/verify-token.ts';
import { type MapStore, mapStore } from '../map-store.ts';

const day = 86_400;
const hourMs = 3_600_000;
let store: MapStore;
let first: EnrolledDevice;
const enrolment = { name: 'Pi', validForS: 30 * day, callerTokenId: 'o', idempotencyKey: 'e', now: 0, randomBytes };
beforeEach(async () => {
  store = mapStore();
  first = await enrolDevice(store, enrolment);
});

const rotate = (now: number, more: { idempotencyKey?: string; overlapS?: number } = {}) =>
  rotateDeviceToken(store, {
    deviceId: first.device.deviceId,
    validForS: 30 * day,
    overlapS: day,
    callerTokenId: 'o',
    now,
    randomBytes,
    ...more,
  });
/** Whether each token is let through at that time. */
const good = async (now: number, ...tokens: string[]): Promise<boolean[]> => {
  const verify = tokenVerifier({ store, now: () => now, elapsedMs: () => now, cacheS: 0 });
  return Promise.all(
    tokens.map((token) =>
      verify(token).then(
        () => true,
        () => false,
      ),
    ),
  );
};

describe("changing a device's token", () => {
  it('has both work for the stated time, and the new one alone after it', async () => {
    const second = await rotate(hourMs);
    expect(second.device).toMatchObject({
      deviceId: first.device.deviceId,
      createdAt: first.device.createdAt,
      expiresAt: new Date(hourMs + 30 * day * 1000).toISOString(),
      rotation: { previousTokenId: first.device.tokenId, endsAt: new Date(25 * hourMs).toISOString() },
    });
    expect(await good(25 * hourMs - 1, first.token, second.token)).toEqual([true, true]);
    expect(await good(25 * hourMs, first.token, second.token)).toEqual([false, true]);
  });

  it('never lets the token before live longer than it would have', async () => {
    const second = await rotate(hourMs, { overlapS: 60 * day });
    expect(await good(30 * day * 1000 - 1, first.token)).toEqual([true]);
    expect(await good(30 * day * 1000, first.token, second.token)).toEqual([false, true]);
  });

  it('gives another new token for the same idempotency key, in place of the lost one', async () => {
    const lost = await rotate(hourMs, { idempotencyKey: 'k' });
    const second = await rotate(2 * hourMs, { idempotencyKey: 'k' });
    expect(await good(3 * hourMs, first.token, lost.token, second.token)).toEqual([true, false, true]);
    expect(await good(25 * hourMs, first.token, second.token)).toEqual([false, true]);
    expect(second.device.rotation).toEqual(lost.device.rotation);
  });

  it('refuses a third token while there are two, and leaves both; later it is a rotation as any other', async () => {
    const second = await rotate(hourMs, { idempotencyKey: 'k' });
    for (const more of [{}, { idempotencyKey: 'other' }]) {
      await expect(rotate(2 * hourMs, more)).rejects.toMatchObject({ code: 'conflict', message: /two tokens until/ });
    }
    expect(await good(2 * hourMs, first.token, second.token)).toEqual([true, true]);
    const third = await rotate(25 * hourMs, { idempotencyKey: 'k' });
    expect(await good(26 * hourMs, first.token, second.token, third.token)).toEqual([false, true, true]);
  });

  it('leaves no token that works behind a refusal', async () => {
    await rotate(hourMs);
    await expect(rotate(2 * hourMs)).rejects.toMatchObject({ code: 'conflict' });
    const records = [...store.objects].filter(([key]) => key.startsWith('tokens/'));
    const alive = records.map(([, body]) => JSON.parse(new TextDecoder().decode(body))).filter((r) => !r.revokedAt);
    expect(alive).toHaveLength(2);
  });

  it('ends both where the device is revoked, or enrolled anew', async () => {
    const second = await rotate(hourMs);
    const third = await enrolDevice(store, { ...enrolment, now: 2 * hourMs });
    expect(await good(3 * hourMs, first.token, second.token, third.token)).toEqual([false, false, true]);
    const fourth = await rotate(4 * hourMs);
    await revokeDevice(store, first.device.deviceId, 5 * hourMs);
    expect(await good(6 * hourMs, third.token, fourth.token)).toEqual([false, false]);
    await expect(rotate(6 * hourMs)).rejects.toMatchObject({ code: 'conflict', message: /was revoked/ });
  });

  it('is for devices that there are', async () => {
    for (const deviceId of ['nobody', '../tokens/x', 'A'.repeat(300)]) {
      const request = { deviceId, validForS: 1, overlapS: 0, callerTokenId: 'o', now: 0, randomBytes };
      await expect(rotateDeviceToken(store, request)).rejects.toMatchObject({ code: 'not-found' });
    }
  });
});
