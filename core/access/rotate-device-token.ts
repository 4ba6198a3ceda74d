// Use case: a device gets a new token without a gap. Both work for a stated time, in which the new one is brought to
// the device; then the one before ends by itself. There are never more than two.
import { createHash } from 'node:crypto';
import { DomainError } from '#core/errors.ts';
import type { RandomBytes } from '#core/random.ts';
import type { Store } from '#core/store/store.ts';
import { updateJson } from '#core/store/stored-json.ts';
import { type DeviceRecord, deviceIdSchema, deviceRecordSchema } from './device-record.ts';
import type { EnrolledDevice } from './enrol-device.ts';
import { issueToken } from './issue-token.ts';
import { deviceKey, tokenKey } from './keys.ts';
import { revokeToken } from './revoke-token.ts';
import { tokenRecordSchema } from './token.ts';

export interface RotateRequest {
  readonly deviceId: string;
  /** Until the new token ends. */
  readonly validForS: number;
  /** How long the token before works beside it, at most: where it ends sooner, it ends. */
  readonly overlapS: number;
  /** Scopes the idempotency key. */
  readonly callerTokenId: string;
  readonly idempotencyKey?: string | undefined;
  /** ms since the epoch. */
  readonly now: number;
  /** Good enough for a secret. */
  readonly randomBytes: RandomBytes;
}

/** Sent again with its idempotency key, for whoever lost the answer, it gives a new token in place of the one that was
 * lost; the token before the rotation stays as it is.
 * @throws DomainError `not-found`; `conflict` for a device that is revoked, and while the token before another rotation
 * still works */
export async function rotateDeviceToken(store: Store, request: RotateRequest): Promise<EnrolledDevice> {
  const { deviceId, validForS, overlapS, now, randomBytes } = request;
  const known = deviceIdSchema.safeParse(deviceId).success;
  if (!known || !(await store.get(deviceKey(deviceId)))) throw notFound(deviceId);
  const key = keyOf(request);
  const { token, record } = await issueToken(store, { role: 'device', deviceId, validForS, now, randomBytes });
  /** Issued by this rotation before, and lost. */
  let lost: string | undefined;
  let device: DeviceRecord | undefined;
  try {
    device = await updateJson(store, deviceKey(deviceId), deviceRecordSchema, (current) => {
      if (current === undefined || current.tokenId === record.tokenId) return undefined;
      const { rotation } = current;
      requireAlive(current);
      const underWay = rotation !== undefined && now < Date.parse(rotation.endsAt);
      const again = underWay && rotation.key !== undefined && rotation.key === key;
      if (underWay && !again) throw twoAlready(current.deviceId, rotation.endsAt);
      lost = again ? current.tokenId : undefined;
      const endsAt = new Date(now + overlapS * 1000).toISOString();
      const begun = { previousTokenId: current.tokenId, endsAt, ...(key !== undefined && { key }) };
      return { ...current, tokenId: record.tokenId, expiresAt: record.expiresAt, rotation: again ? rotation : begun };
    });
  } catch (error) {
    await revokeToken(store, record.tokenId, now);
    throw error;
  }
  if (device?.rotation === undefined) throw notFound(deviceId);
  if (lost !== undefined) await revokeToken(store, lost, now);
  await endAt(store, device.rotation.previousTokenId, device.rotation.endsAt);
  return { device, token };
}

function requireAlive({ deviceId, revokedAt }: DeviceRecord): void {
  if (revokedAt === undefined) return;
  throw new DomainError('conflict', `device '${deviceId}' was revoked at ${revokedAt}`);
}

function twoAlready(deviceId: string, endsAt: string): DomainError {
  const message =
    `device '${deviceId}' has two tokens until ${endsAt}; ` +
    'whoever lost the new one sends the request again with the same idempotency key';
  return new DomainError('conflict', message, { issues: [{ path: 'idempotencyKey', message }] });
}

/** Never later than it would end anyway. */
async function endAt(store: Store, tokenId: string, endsAt: string): Promise<void> {
  await updateJson(store, tokenKey(tokenId), tokenRecordSchema, (current) =>
    current === undefined || Date.parse(current.expiresAt) <= Date.parse(endsAt)
      ? undefined
      : { ...current, expiresAt: endsAt },
  );
}

function keyOf({ callerTokenId, idempotencyKey }: RotateRequest): string | undefined {
  if (idempotencyKey === undefined) return undefined;
  return createHash('sha256').update(`${callerTokenId}\n${idempotencyKey}`).digest('hex').slice(0, 16);
}

function notFound(deviceId: string): DomainError {
  return new DomainError('not-found', `device '${deviceId.slice(0, 64)}' not found`);
}
