// Reads profiles of every version there has been, as version 2.
import * as z from 'zod';
import {
  type ModelMeasurement,
  measurementSchema,
  measurementV1Schema,
  modelMeasurementSchema,
  type Profile,
  type ProfileEnvelope,
  type ProfileMeasurement,
  profileEnvelopeSchema,
  profileSchema,
  profileSchemaVersion,
} from './profile.ts';
import { profileEnvelopeV1Schema, profileV1Schema, upgradeEnvelope } from './version-1/profile-v1.ts';

/** A profile whose measurements are unread. */
export interface ReadEnvelope {
  readonly envelope: ProfileEnvelope;
  /** Reads one of its measurements. */
  readonly measurement: z.ZodType<ProfileMeasurement>;
  /** Reads one of its models. */
  readonly model: z.ZodType<ModelMeasurement>;
}

export const knownVersions = [1, profileSchemaVersion] as const;

const versionSchema = z.looseObject({ schemaVersion: z.literal(knownVersions) });

const firstWorkload = measurementV1Schema.transform((measured) => ({ workload: 0, ...measured }));

type ReadResult =
  | { readonly success: true; readonly data: ReadEnvelope }
  | { readonly success: false; readonly error: z.ZodError };

/** The measurements are parsed one by one by `measurement`, so that a bad one does not cost the others. */
export function readEnvelope(value: unknown): ReadResult {
  const version = versionSchema.safeParse(value);
  if (!version.success) return version;
  if (version.data.schemaVersion === 1) {
    const parsed = profileEnvelopeV1Schema.safeParse(value);
    if (!parsed.success) return parsed;
    const { measurements } = parsed.data;
    const envelope = { ...upgradeEnvelope(parsed.data), measurements };
    return { success: true, data: { envelope, measurement: firstWorkload, model: modelMeasurementSchema } };
  }
  const parsed = profileEnvelopeSchema.safeParse(value);
  if (!parsed.success) return parsed;
  return {
    success: true,
    data: { envelope: parsed.data, measurement: measurementSchema, model: modelMeasurementSchema },
  };
}

/** Parses a profile of any version to version 2. */
export const anyProfileSchema: z.ZodType<Profile> = z.unknown().transform((value, check): Profile => {
  const version = versionSchema.safeParse(value);
  const isV1 = version.success && version.data.schemaVersion === 1;
  const parsed = isV1 ? profileV1Schema.transform(upgradeProfile).safeParse(value) : profileSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  for (const { path, message } of parsed.error.issues) check.addIssue({ code: 'custom', path, message });
  return z.NEVER;
});

function upgradeProfile(profile: z.infer<typeof profileV1Schema>): Profile {
  const measurements = profile.measurements.map((measured) => ({ workload: 0, ...measured }));
  return { ...upgradeEnvelope(profile), measurements };
}
