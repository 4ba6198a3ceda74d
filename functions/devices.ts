// Lambda: POST, GET and DELETE of /v1/devices, POST of /v1/devices/{id}/token.
import { randomBytes } from 'node:crypto';
import { deviceOperations } from '#contract/devices.ts';
import { enrolDevice } from '#core/access/enrol-device.ts';
import { listDevices } from '#core/access/list-devices.ts';
import { revokeDevice } from '#core/access/revoke-device.ts';
import { rotateDeviceToken } from '#core/access/rotate-device-token.ts';
import { readEnvironment } from './shared/environment.ts';
import { httpHandler } from './shared/http-handler.ts';
import { s3Store } from './shared/s3-store.ts';

const { DATA_BUCKET } = readEnvironment(process.env);
const store = s3Store({ bucket: DATA_BUCKET });
const dayS = 86_400;

export const handler = httpHandler(deviceOperations, {
  enrolDevice: ({ body: { name, validForDays }, caller, idempotencyKey }) => {
    const validForS = validForDays * dayS;
    const request = { name, validForS, callerTokenId: caller.tokenId, idempotencyKey, now: Date.now(), randomBytes };
    return enrolDevice(store, request);
  },
  rotateDeviceToken: ({ path: { id: deviceId }, body, caller, idempotencyKey }) => {
    const lives = { validForS: body.validForDays * dayS, overlapS: body.overlapHours * 3600 };
    const request = { deviceId, ...lives, callerTokenId: caller.tokenId, idempotencyKey, now: Date.now(), randomBytes };
    return rotateDeviceToken(store, request);
  },
  listDevices: ({ query }) => listDevices(store, query),
  revokeDevice: async ({ path }) => ({ device: await revokeDevice(store, path.id, Date.now()) }),
});
