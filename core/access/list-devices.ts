// Use case: the enrolled devices, a page at a time, in the order of their ids; revoked ones too.

import { decodeCursor, encodeCursor } from '#core/store/page-cursor.ts';
import type { Store } from '#core/store/store.ts';
import { readJson } from '#core/store/stored-json.ts';
import { type DeviceRecord, deviceRecordSchema } from './device-record.ts';
import { devicesPrefix } from './keys.ts';

export interface ListDevicesRequest {
  /** Devices a page, 1 to 200. */
  readonly limit: number;
  readonly cursor?: string | undefined;
}

export interface DevicePage {
  readonly devices: readonly DeviceRecord[];
  /** For the next page; null on the last one. */
  readonly nextCursor: string | null;
}

/** @throws DomainError `invalid-request` for a cursor that is not of this list */
export async function listDevices(store: Store, { limit, cursor }: ListDevicesRequest): Promise<DevicePage> {
  const after = cursor === undefined ? undefined : decodeCursor(devicesPrefix, cursor);
  const keys: string[] = [];
  for await (const key of store.list(devicesPrefix, after)) {
    keys.push(key);
    if (keys.length > limit) break;
  }
  const page = keys.slice(0, limit);
  const records = await Promise.all(page.map((key) => readJson(store, key, deviceRecordSchema)));
  return {
    devices: records.flatMap((record) => (record ? [record.value] : [])),
    nextCursor: keys.length > page.length ? encodeCursor(devicesPrefix, page.at(-1)!) : null,
  };
}
