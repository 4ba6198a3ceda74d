// What is kept about a target beside its measurements: targets/{targetId}.json.
import * as z from 'zod';
import { profileTargetSchema } from '#core/dataset/profile-target.ts';
import { maxWorkloads } from '#core/dataset/target-data.ts';
import { counterNames } from '#core/descriptor/counters.ts';
import { descriptorLists } from '#core/descriptor/descriptor-operators.ts';
import { workloadSchema } from '#core/search-space/workload.ts';
import { targetIdSchema } from './keys.ts';

const measuredWorkloadSchema = z.strictObject({
  ...workloadSchema.shape,
  measurements: z.int().positive().describe('Distinct architectures with a usable latency.'),
});

export const targetRecordSchema = z.strictObject({
  targetId: targetIdSchema,
  /** For people: what the target is. */
  title: z.string(),
  /** Where its measurements come from: a published table or an enrolled device. */
  source: z.enum(['table', 'device']),
  /** Distinct networks with a usable latency, of all workloads together, and models. */
  measurements: z.int().nonnegative(),
  /** What it was measured with, and how many architectures of each. */
  workloads: z.array(measuredWorkloadSchema).max(maxWorkloads),
  models: z
    .int()
    .positive()
    .exactOptional()
    .describe('Of the measurements, those of networks of no search space, distinct. Left out: none.'),
  /** Measurements that were left out, by reason. */
  excluded: z.record(z.string(), z.int().positive()),
  /** `contradictory`: measurements disagree with each other far beyond noise; predictions say measure-first. */
  quality: z.enum(['good', 'contradictory']),
  /** Why it is not good. */
  qualityReason: z.string().optional(),
  /** What the id was derived from. */
  target: profileTargetSchema,
  /** Accepted profiles; the measurements are merged from those that are not withdrawn. */
  profiles: z.int().positive(),
  /** Where operators withdrew or restored something. */
  withdrawn: z
    .strictObject({
      /** Profiles that are withdrawn now. */
      profiles: z.int().nonnegative(),
      /** Orders to withdraw or restore that name a profile of the target. */
      orders: z.int().positive(),
    })
    .optional()
    .describe('There once something of it was withdrawn: profiles that are so now, and orders about them.'),
  /** Devices that these came from, the one whose profile was accepted first in front; at most `namedDevices`. */
  devices: z.array(z.string()),
  /** What there is of a hardware-runtime descriptor. */
  descriptor: z
    .strictObject({
      list: z.enum(descriptorLists),
      inputSize: workloadSchema.shape.inputSize,
      batchSize: workloadSchema.shape.batchSize,
      /** Operators with a latency, and operators of the list. */
      operatorsMeasured: z.int().nonnegative(),
      operators: z.int().positive(),
      /** Counters with a number for at least one operator. */
      counters: z.array(z.enum(counterNames)),
    })
    .nullable(),
  /** Share of the variance of ln latency that predictions from its other measurements explain (self-check.ts). */
  explained: z.number().nullable().optional(),
  createdAt: z.iso.datetime(),
  updatedAt: z.iso.datetime(),
});
export const namedDevices = 8;

export type TargetRecord = z.infer<typeof targetRecordSchema>;
