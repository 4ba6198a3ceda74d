// Use case: enrol a device. The answer holds its token, which is kept nowhere. Enrolling again with the same
// idempotency key, for whoever lost that answer, gives the same device a new token and ends the one before.
import { createHash } from 'node:crypto';
import { DomainError } from '#core/errors.ts';
import type { RandomBytes } from '#core/random.ts';
import type { Store } from '#core/store/store.ts';
import { updateJson } from '#core/store/stored-json.ts';
import { slug } from '#core/text/slug.ts';
import { type DeviceRecord, deviceRecordSchema } from './device-record.ts';
import { issueToken } from './issue-token.ts';
import { deviceKey } from './keys.ts';
import { revokeToken } from './revoke-token.ts';

export interface EnrolRequest {
  /** What the operator calls the device. */
  readonly name: string;
  readonly validForS: number;
  /** Scopes the idempotency key. */
  readonly callerTokenId: string;
  readonly idempotencyKey?: string | undefined;
  /** ms since the epoch. */
  readonly now: number;
  /** Good enough for a secret. */
  readonly randomBytes: RandomBytes;
}

export interface EnrolledDevice {
  readonly device: DeviceRecord;
  /** Shown this once. */
  readonly token: string;
}

const nameLength = 40;

/** @throws DomainError `conflict` when the idempotency key was used for a device of another name, or for one that has
 * been revoked since */
export async function enrolDevice(store: Store, request: EnrolRequest): Promise<EnrolledDevice> {
  const { name, validForS, now, randomBytes } = request;
  const deviceId = deviceIdOf(request);
  // The token first: cut off after it, there is a token that nobody knows; the other way round, one that nobody ends.
  const { token, record } = await issueToken(store, { role: 'device', deviceId, validForS, now, randomBytes });
  let before: DeviceRecord | undefined;
  const device = await updateJson(store, deviceKey(deviceId), deviceRecordSchema, (current) => {
    // Written already, by an attempt whose answer was lost.
    if (current?.tokenId === record.tokenId) return undefined;
    if (current !== undefined && (current.name !== name || current.revokedAt !== undefined)) {
      const fault = current.revokedAt === undefined ? `is called '${current.name}'` : 'has been revoked';
      const message = `enrolled device '${deviceId}', which ${fault}`;
      const issues = [{ path: 'idempotencyKey', message }];
      throw new DomainError('conflict', `the idempotency key ${message}`, { issues });
    }
    before = current;
    const { tokenId, expiresAt } = record;
    return { deviceId, name, tokenId, createdAt: current?.createdAt ?? record.createdAt, expiresAt };
  });
  if (before !== undefined) await revokeToken(store, before.tokenId, now);
  if (before?.rotation !== undefined) await revokeToken(store, before.rotation.previousTokenId, now);
  return { device: device!, token };
}

/** Readable; or derived from the idempotency key alone, so that the key finds it under any name. */
function deviceIdOf({ name, callerTokenId, idempotencyKey, randomBytes }: EnrolRequest): string {
  if (idempotencyKey !== undefined) {
    return `device-${createHash('sha256').update(`${callerTokenId}\n${idempotencyKey}`).digest('hex').slice(0, 16)}`;
  }
  const readable = slug(name).slice(0, nameLength).replace(/-$/, '');
  return `${readable === '' ? 'device' : readable}-${Buffer.from(randomBytes(8)).toString('hex')}`;
}
