// Profiles of version 1, which older agents send and datasets hold: search space, input size, batch size and precision
// stood together in the target, so that a profile was of one workload. They are read and mapped to version 2; nothing
// writes them any more.
import * as z from 'zod';
import { descriptorFaults, descriptorValuesSchema } from '#core/descriptor/descriptor.ts';
import { type Workload, workloadSchema } from '#core/search-space/workload.ts';
import { contextSchema, measurementV1Schema, type ProfileEnvelope, profileLimits } from '../profile.ts';
import { hardwareSchema, type ProfileTarget, precisionSchema, runtimeSchema } from '../profile-target.ts';

const workloadV1Schema = z
  .strictObject({ ...workloadSchema.shape, precision: precisionSchema })
  .superRefine(({ precision: _, ...workload }, check) => {
    const { error } = workloadSchema.safeParse(workload);
    for (const { path, message } of error?.issues ?? []) check.addIssue({ code: 'custom', path, message });
  });

export const profileTargetV1Schema = z.strictObject({
  hardware: hardwareSchema,
  runtime: runtimeSchema,
  workload: workloadV1Schema,
});
export type ProfileTargetV1 = z.infer<typeof profileTargetV1Schema>;

const envelopeShape = {
  schemaVersion: z.literal(1),
  target: profileTargetV1Schema,
  context: contextSchema,
  descriptor: descriptorValuesSchema.nullable(),
};

type Described = { readonly target: ProfileTargetV1; readonly descriptor: DescriptorV1 | null };
type DescriptorV1 = z.infer<typeof descriptorValuesSchema>;

/** A descriptor of version 1 is of the operators of its target's search space. */
function checkDescriptor({ target, descriptor }: Described, check: z.RefinementCtx): void {
  if (descriptor === null) return;
  for (const { path, message } of descriptorFaults(upgradeDescriptor(target, descriptor))) {
    check.addIssue({ code: 'custom', path: ['descriptor', ...path], message });
  }
}

export const profileV1Schema = z
  .strictObject({
    ...envelopeShape,
    measurements: z.array(measurementV1Schema).min(1).max(profileLimits.measurements),
  })
  .superRefine(checkDescriptor);
export type ProfileV1 = z.infer<typeof profileV1Schema>;

/** The same with the measurements unread. */
export const profileEnvelopeV1Schema = z
  .strictObject({ ...envelopeShape, measurements: z.array(z.unknown()).min(1).max(profileLimits.measurements) })
  .superRefine(checkDescriptor);

/** @returns what the target is, and what was run on it */
export function splitTargetV1({ hardware, runtime, workload }: ProfileTargetV1): {
  readonly target: ProfileTarget;
  readonly workload: Workload;
} {
  const { precision, ...run } = workload;
  return { target: { hardware, runtime, precision }, workload: run };
}

/** Everything but the measurements in version 2; those are all of workload 0. */
export function upgradeEnvelope(
  profile: Omit<z.infer<typeof profileEnvelopeV1Schema>, 'measurements'>,
): Omit<ProfileEnvelope, 'measurements' | 'models'> {
  const { target, workload } = splitTargetV1(profile.target);
  const descriptor = profile.descriptor && upgradeDescriptor(profile.target, profile.descriptor);
  return { schemaVersion: 2, target, context: profile.context, workloads: [workload], descriptor };
}

/** It was of the operators of its target's search space. */
export function upgradeDescriptor(
  { workload }: ProfileTargetV1,
  values: DescriptorV1,
): NonNullable<ProfileEnvelope['descriptor']> {
  const { searchSpace, inputSize, batchSize } = workload;
  return { list: searchSpace, inputSize, batchSize, ...values };
}
