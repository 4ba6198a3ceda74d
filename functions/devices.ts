// Lambda: POST, GET and DELETE of /v1/devices.
import { randomBytes } from 'node:crypto';
import { devicePathSchema, enrolRequestSchema, listDevicesQuerySchema } from '#contract/devices.ts';
import { enrolDevice } from '#core/access/enrol-device.ts';
import { listDevices } from '#core/access/list-devices.ts';
import { revokeDevice } from '#core/access/revoke-device.ts';
import { readEnvironment } from './shared/environment.ts';
import { created, httpHandler, ok, route } from './shared/http-handler.ts';
import { s3Store } from './shared/s3-store.ts';

const { DATA_BUCKET } = readEnvironment(process.env);
const store = s3Store({ bucket: DATA_BUCKET });
const dayS = 86_400;

export const handler = httpHandler({
  'POST /v1/devices': route({
    roles: ['operator'],
    body: enrolRequestSchema,
    handle: async ({ body: { name, validForDays }, caller, idempotencyKey }) => {
      const { tokenId: callerTokenId } = caller!;
      const validForS = validForDays * dayS;
      const request = { name, validForS, callerTokenId, idempotencyKey, now: Date.now(), randomBytes };
      return created(await enrolDevice(store, request));
    },
  }),
  'GET /v1/devices': route({
    roles: ['operator'],
    query: listDevicesQuerySchema,
    handle: async ({ query }) => ok(await listDevices(store, query)),
  }),
  'DELETE /v1/devices/{id}': route({
    roles: ['operator'],
    path: devicePathSchema,
    handle: async ({ path }) => ok({ device: await revokeDevice(store, path.id, Date.now()) }),
  }),
});
