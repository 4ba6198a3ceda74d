// The form of /v1/uploads.
import * as z from 'zod';
import { uploadLimits } from '#core/intake/acceptance.ts';
import { uploadRecordSchema } from '#core/intake/upload-record.ts';
import type { UploadView } from '#core/intake/upload-view.ts';
import type { OperationsOf } from './operation.ts';
import { searchSpaceNameSchema } from './search-space-name.ts';

export const registerUploadRequestSchema = z
  .strictObject({
    sizeBytes: z
      .int()
      .min(1)
      .max(uploadLimits.compressedBytes)
      .meta({ description: 'Length of the gzip-compressed profile.' }),
    sha256: z
      .string()
      .regex(/^[0-9a-f]{64}$/, '64 lower-case hexadecimal digits')
      .describe('SHA-256 of the gzip-compressed profile, in lower-case hexadecimal.'),
    searchSpace: searchSpaceNameSchema
      .optional()
      .describe('The only one that the profile may be of. Left out: what it says itself, which may be several.'),
  })
  .meta({ id: 'RegisterUploadRequest' });

export const registerUploadReplySchema = z
  .strictObject({
    uploadId: z.string(),
    status: uploadRecordSchema.shape.status,
    method: z.literal('PUT'),
    url: z.string().describe('Where to put the profile, without the bearer token. Secret: whoever has it can put it.'),
    headers: z
      .record(z.string(), z.string())
      .describe('Headers to send, exactly so: they are signed. 412 says that it was put there before.'),
    expiresAt: z.iso.datetime().describe('Until when the place is open; register again for another one.'),
  })
  .meta({ id: 'RegisterUploadReply' });

export const uploadPathSchema = z.strictObject({
  id: z.string().max(256).meta({ description: 'uploadId.' }),
});

const { accepted, quarantined, searchSpace, finishedAt: _, ...registered } = uploadRecordSchema.shape;
const acceptedShape = accepted.unwrap().shape;

export const uploadSchema = z
  .strictObject({
    ...registered,
    searchSpace: searchSpace
      .unwrap()
      .nullable()
      .describe('The only one that the profile may be of; null: it was registered without one.'),
    finishedAt: z.iso.datetime().nullable().describe('null while waiting.'),
    targetId: z.string().nullable().describe('The target that the profile is of; null unless accepted.'),
    measurements: acceptedShape.measurements.nullable(),
    excludedCount: acceptedShape.excludedCount.nullable(),
    excluded: acceptedShape.excluded,
    reason: quarantined.unwrap().nullable().describe('Why it is quarantined; null unless it is.'),
  })
  .meta({ id: 'Upload' }) satisfies z.ZodType<UploadView>;

export const uploadOperations = {
  registerUpload: {
    summary: 'Announce a profile and get the place to put it',
    description:
      'Then PUT the profile to `url` with exactly `headers`. Sent again with the same `Idempotency-Key`, it is the ' +
      'same upload, with a fresh `url`.',
    tag: 'field',
    idempotent: true,
    body: registerUploadRequestSchema,
    status: 201,
    reply: registerUploadReplySchema,
    refusals: ['unknown-search-space', 'conflict', 'quota-exceeded', 'storage-full'],
  },
  showUpload: {
    summary: 'Show how an upload stands, and why',
    description: 'A device sees its own uploads only.',
    tag: 'field',
    path: uploadPathSchema,
    reply: uploadSchema,
    refusals: ['not-found'],
  },
} as const satisfies OperationsOf<'uploads'>;
