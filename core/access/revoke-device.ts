// Use case: revoke a device. Its tokens are refused from then on (caches aside), and what it uploaded but was not
// processed yet is quarantined. What was accepted before stays.

import { DomainError } from '#core/errors.ts';
import type { Store } from '#core/store/store.ts';
import { updateJson } from '#core/store/stored-json.ts';
import { type DeviceRecord, deviceIdSchema, deviceRecordSchema } from './device-record.ts';
import { deviceKey } from './keys.ts';
import { revokeToken } from './revoke-token.ts';

/** Safe to repeat: a revocation that was cut off is finished by the next one. @param now ms since the epoch
 * @throws DomainError `not-found` */
export async function revokeDevice(store: Store, deviceId: string, now: number): Promise<DeviceRecord> {
  const device = deviceIdSchema.safeParse(deviceId).success
    ? await updateJson(store, deviceKey(deviceId), deviceRecordSchema, (current) =>
        current === undefined || current.revokedAt !== undefined
          ? undefined
          : { ...current, revokedAt: new Date(now).toISOString() },
      )
    : undefined;
  if (device === undefined) throw new DomainError('not-found', `device '${deviceId.slice(0, 64)}' not found`);
  await revokeToken(store, device.tokenId, now);
  if (device.rotation !== undefined) await revokeToken(store, device.rotation.previousTokenId, now);
  return device;
}
