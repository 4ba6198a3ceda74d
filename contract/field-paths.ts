// The routes that face the field: devices, uploads, support sets.
import type { ZodOpenApiPathsObject } from 'zod-openapi';
import {
  deviceListSchema,
  devicePathSchema,
  deviceReplySchema,
  enrolReplySchema,
  enrolRequestSchema,
  listDevicesQuerySchema,
} from './devices.ts';
import { operation } from './operation.ts';
import { searchSpacePathSchema } from './search-spaces.ts';
import { supportSetQuerySchema, supportSetSchema } from './support-set.ts';
import { registerUploadReplySchema, registerUploadRequestSchema, uploadPathSchema, uploadSchema } from './uploads.ts';

export const fieldPaths: ZodOpenApiPathsObject = {
  '/v1/search-spaces/{id}/support-set': {
    get: operation({
      id: 'supportSet',
      summary: 'Say which architectures to measure next, and the error to expect after that',
      tag: 'field',
      roles: ['reader', 'device'],
      path: searchSpacePathSchema,
      query: supportSetQuerySchema,
      reply: supportSetSchema,
      refusals: [400, 404],
    }),
  },
  '/v1/devices': {
    post: operation({
      id: 'enrolDevice',
      summary: 'Enrol a device',
      description:
        'The token is in this reply and nowhere else. Whoever loses the reply sends the request again with the same ' +
        '`Idempotency-Key`: the same device gets a new token, and the one before is revoked.',
      tag: 'field',
      roles: ['operator'],
      idempotent: true,
      body: enrolRequestSchema,
      status: 201,
      reply: enrolReplySchema,
      refusals: [400, 409, 413, 415],
    }),
    get: operation({
      id: 'listDevices',
      summary: 'List the devices, a page at a time',
      tag: 'field',
      roles: ['operator'],
      query: listDevicesQuerySchema,
      reply: deviceListSchema,
      refusals: [400],
    }),
  },
  '/v1/devices/{id}': {
    delete: operation({
      id: 'revokeDevice',
      summary: 'Revoke a device and its token',
      description: 'What it uploaded and was accepted stays; what is not processed yet is quarantined.',
      tag: 'field',
      roles: ['operator'],
      path: devicePathSchema,
      reply: deviceReplySchema,
      refusals: [404],
    }),
  },
  '/v1/uploads': {
    post: operation({
      id: 'registerUpload',
      summary: 'Announce a profile and get the place to put it',
      description:
        'Then PUT the profile to `url` with exactly `headers`. Sent again with the same `Idempotency-Key`, it is the ' +
        'same upload, with a fresh `url`.',
      tag: 'field',
      roles: ['device'],
      idempotent: true,
      body: registerUploadRequestSchema,
      status: 201,
      reply: registerUploadReplySchema,
      refusals: [400, 404, 409, 413, 415, 429],
    }),
  },
  '/v1/uploads/{id}': {
    get: operation({
      id: 'showUpload',
      summary: 'Show how an upload stands, and why',
      description: 'A device sees its own uploads only.',
      tag: 'field',
      roles: ['device', 'operator'],
      path: uploadPathSchema,
      reply: uploadSchema,
      refusals: [404],
    }),
  },
};
