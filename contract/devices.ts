// The form of /v1/devices.
import * as z from 'zod';
import { deviceRecordSchema } from '#core/access/device-record.ts';
import { text } from '#core/text/line-text.ts';
import type { OperationsOf } from './operation.ts';
import { pageQuery } from './page-query.ts';

export const enrolRequestSchema = z
  .strictObject({
    name: text(64).meta({ description: 'What the operator calls the device.' }),
    validForDays: z.int().min(1).max(1825).default(365).describe('Days until the token ends.'),
  })
  .meta({ id: 'EnrolRequest' });

export const deviceSchema = deviceRecordSchema
  .meta({
    id: 'Device',
  })
  .describe('`revokedAt` is there once the device is revoked.');

export const enrolReplySchema = z
  .strictObject({
    device: deviceSchema,
    token: z.string().describe("The device's bearer token. It is shown this once and kept nowhere."),
  })
  .meta({ id: 'EnrolReply' });

export const rotateRequestSchema = z
  .strictObject({
    validForDays: z.int().min(1).max(1825).default(365).describe('Days until the new token ends.'),
    overlapHours: z
      .int()
      .min(0)
      .max(720)
      .default(24)
      .describe('Hours that the present token works beside the new one. Where it ends sooner anyway, it does.'),
  })
  .meta({ id: 'RotateRequest' });

export const devicePathSchema = z.strictObject({
  id: z.string().max(256).meta({ description: 'Id of the device.' }),
});

export const listDevicesQuerySchema = z.strictObject({
  ...pageQuery('Devices a page.'),
});

export const deviceListSchema = z
  .strictObject({
    devices: z.array(deviceSchema),
    nextCursor: z.string().nullable().describe('Opaque; for the next page. null on the last one.'),
  })
  .meta({ id: 'DeviceList' });

export const deviceReplySchema = z.strictObject({ device: deviceSchema }).meta({ id: 'DeviceReply' });

export const deviceOperations = {
  enrolDevice: {
    summary: 'Enrol a device',
    description:
      'The token is in this reply and nowhere else. Whoever loses the reply sends the request again with the same ' +
      '`Idempotency-Key`: the same device gets a new token, and the one before is revoked.',
    tag: 'field',
    idempotent: true,
    body: enrolRequestSchema,
    status: 201,
    reply: enrolReplySchema,
    refusals: ['conflict', 'storage-full'],
  },
  listDevices: {
    summary: 'List the devices, a page at a time',
    tag: 'field',
    query: listDevicesQuerySchema,
    reply: deviceListSchema,
    refusals: [],
  },
  rotateDeviceToken: {
    summary: "Change a device's token without a gap",
    description:
      'The new token is in this reply and nowhere else; the present one works beside it for `overlapHours` and then ' +
      'ends. Whoever loses the reply sends the request again with the same `Idempotency-Key`: another new token ' +
      'takes the place of the lost one. There are never more than two.',
    tag: 'field',
    idempotent: true,
    path: devicePathSchema,
    body: rotateRequestSchema,
    status: 201,
    reply: enrolReplySchema,
    refusals: ['not-found', 'conflict'],
  },
  revokeDevice: {
    summary: 'Revoke a device and its tokens',
    description: 'What it uploaded and was accepted stays; what is not processed yet is quarantined.',
    tag: 'field',
    path: devicePathSchema,
    reply: deviceReplySchema,
    refusals: ['not-found', 'conflict', 'storage-full'],
  },
} as const satisfies OperationsOf<'devices'>;
