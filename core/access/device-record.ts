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
});
export type DeviceRecord = z.infer<typeof deviceRecordSchema>;
