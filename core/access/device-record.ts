// An enrolled device: devices/{deviceId}.json. It holds no secret, only which token is the device's.
import * as z from 'zod';

export const deviceIdSchema = z
  .string()
  .max(64)
  .regex(/^[a-z0-9]+(?:-[a-z0-9]+)*$/, 'lower-case letters and digits, with single hyphens between them');

export const deviceRecordSchema = z.strictObject({
  deviceId: deviceIdSchema,
  /** As the operator calls it. */
  name: z.string(),
  /** Id of the device's present token. */
  tokenId: z.string(),
  createdAt: z.iso.datetime(),
  /** When the token ends, exclusive. */
  expiresAt: z.iso.datetime(),
  revokedAt: z.iso.datetime().optional(),
  /** The last change of its token: the one before works beside the present one until `endsAt`. */
  rotation: z
    .strictObject({
      previousTokenId: z.string(),
      endsAt: z.iso.datetime(),
      key: z.string().optional().describe('Hash of the idempotency key that it was asked for with.'),
    })
    .optional()
    .describe('There once the token was changed: the one before works beside it until `endsAt`.'),
});
export type DeviceRecord = z.infer<typeof deviceRecordSchema>;
