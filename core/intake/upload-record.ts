// An upload from its registration to its end: uploads/{uploadId}.json.
import * as z from 'zod';
import { searchSpaceIds } from '#core/search-space/registry.ts';
import type { ExclusionCode, QuarantineCode } from './reasons.ts';
import { exclusionReasons, quarantineReasons } from './reasons.ts';

const codesOf = <Code extends string>(reasons: Readonly<Record<Code, string>>) =>
  z.enum(Object.keys(reasons) as [Code, ...Code[]]);

/** Exclusions that are told one by one; all are counted. */
export const namedExclusions = 50;

const exclusionSchema = z.strictObject({
  index: z.int().nonnegative().describe("Position in the profile's measurements, from 0, counted on in its models."),
  code: codesOf<ExclusionCode>(exclusionReasons),
  message: z.string(),
});

export const uploadRecordSchema = z.strictObject({
  uploadId: z.string().regex(/^[0-9a-f]{32}$/),
  deviceId: z.string(),
  searchSpace: z
    .enum(searchSpaceIds)
    .optional()
    .describe('The only one that the profile may be of, where that was registered.'),
  sizeBytes: z.int().positive().describe('Of the compressed profile.'),
  sha256: z
    .string()
    .regex(/^[0-9a-f]{64}$/)
    .describe('Of the compressed profile, hex.'),
  registeredAt: z.iso.datetime(),
  status: z.enum(['waiting', 'accepted', 'quarantined']),
  /** Left out while waiting. */
  finishedAt: z.iso.datetime().optional(),
  accepted: z
    .strictObject({
      targetId: z.string(),
      measurements: z.int().nonnegative().describe('Measurements of this profile that are used.'),
      excludedCount: z.int().nonnegative(),
      excluded: z.array(exclusionSchema).describe(`The first ${namedExclusions} that are not used, with the reason.`),
    })
    .optional()
    .describe('With status accepted.'),
  quarantined: z
    .strictObject({
      code: codesOf<QuarantineCode>(quarantineReasons),
      message: z.string(),
      issues: z.array(z.strictObject({ path: z.string(), message: z.string() })),
    })
    .optional()
    .describe('With status quarantined.'),
});
export type UploadRecord = z.infer<typeof uploadRecordSchema>;
