// What datasets of before held of a target: format 1, measurements/{searchSpace}/{targetId}.json, one workload a
// target. Read once, when such a dataset is brought into the present form; nothing writes it.
import * as z from 'zod';
import { descriptorValuesSchema } from '#core/descriptor/descriptor.ts';
import { type TargetData, targetDataSchema } from '../target-data.ts';
import { targetId } from '../target-id.ts';
import { profileTargetV1Schema, splitTargetV1, upgradeDescriptor } from './profile-v1.ts';

const index = z.int().nonnegative();

export const targetDataV1Schema = z.strictObject({
  formatVersion: z.literal(1),
  targetId: z.string(),
  target: profileTargetV1Schema,
  profiles: targetDataSchema.shape.profiles,
  architectures: z.array(z.string()),
  /** `[architecture, profile, medianMs]`. */
  values: z.array(z.tuple([index, index, z.number().positive()])),
  descriptor: z.strictObject({ sha256: z.string(), descriptor: descriptorValuesSchema }).nullable(),
});
export type TargetDataV1 = z.infer<typeof targetDataV1Schema>;

/** The same in format 2, under the id that the target has now. */
export function upgradeTargetData(data: TargetDataV1): TargetData {
  const { target, workload } = splitTargetV1(data.target);
  return {
    formatVersion: 2,
    targetId: targetId(target),
    target,
    profiles: data.profiles,
    workloads: data.values.length === 0 ? [] : [workload],
    architectures: data.architectures,
    values: data.values.map(([architecture, profile, medianMs]) => [0, architecture, profile, medianMs]),
    descriptor: data.descriptor && {
      sha256: data.descriptor.sha256,
      descriptor: upgradeDescriptor(data.target, data.descriptor.descriptor),
    },
  };
}
