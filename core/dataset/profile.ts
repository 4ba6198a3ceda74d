// What a device uploads, version 2: which target it is, how it was measured, what was run, the descriptor, the
// measurements. Structure and numbers only: there is no place in it for weights, inputs or outputs of a network, also
// where a network is of no search space and its operator graph stands in the profile.
// docs/profile-format.md explains each field; docs/profile.schema.json is generated from here. Programs that read
// profiles read both versions (read-profile.ts).
import * as z from 'zod';
import { type Descriptor, descriptorSchema } from '#core/descriptor/descriptor.ts';
import { operatorGraphSchema } from '#core/graph/graph-json.ts';
import type { OperatorGraph } from '#core/graph/operator-graph.ts';
import { workloadKey, workloadSchema } from '#core/search-space/workload.ts';
import { latencySummarySchema } from '#core/statistics/latency-summary.ts';
import { text } from '#core/text/line-text.ts';
import { kernelTimesSchema } from './kernel-times/kernel-times.ts';
import { profileTargetSchema } from './profile-target.ts';

export const profileSchemaVersion = 2;

/** Limits of one profile. A profile of everything in the largest enumerated space (15,625 cells) fits. */
export const profileLimits = {
  measurements: 20_000,
  samples: 1_000,
  architectureLength: 512,
  workloads: 64,
  models: 64,
} as const;

const stateSchema = z
  .strictObject({
    frequencyMhz: z.number().positive().nullable().describe('Highest current core frequency, MHz. null: not known.'),
    load1: z.number().nonnegative().nullable().describe('Load average over one minute. null: not known.'),
    temperatureC: z
      .number()
      .min(-100)
      .max(250)
      .nullable()
      .describe('Hottest CPU or accelerator sensor, degrees Celsius. null: not known.'),
  })
  .describe('State of the device.');

export const contextSchema = z
  .strictObject({
    agentVersion: text(64).describe('Name and version of the program that measured.'),
    deviceId: z
      .string()
      .max(64, { abort: true })
      .regex(/^[a-zA-Z0-9_-]+$/)
      .nullable()
      .describe('The enrolled device that measured; if stated it must be the one that uploads. null: not stated.'),
    kernel: text(128).nullable().describe('Operating system and kernel version. null: not known.'),
    governor: text(48).nullable().describe('Frequency governor. null: not known or none.'),
    before: stateSchema.describe('State right before the first measurement.'),
    after: stateSchema.describe('State right after the last measurement.'),
    clock: z
      .strictObject({
        source: text(48).nullable().describe('Clock of the samples, such as CLOCK_MONOTONIC. null: not known.'),
        resolutionNs: z
          .number()
          .positive()
          .max(1e9)
          .nullable()
          .describe('Smallest step of that clock, ns, at most a second. null: not known.'),
        startedAt: z.iso.datetime().nullable().describe("Start, UTC, by the device's own clock. null: not known."),
        endedAt: z.iso.datetime().nullable().describe("End, UTC, by the device's own clock. null: not known."),
      })
      .describe('Time.'),
  })
  .describe('How it was measured. Not part of what a target is.');

const resultShape = {
  latency: latencySummarySchema.describe('Latency of one inference of the whole batch, end to end.'),
  runs: z.int().positive().nullable().describe('Timed inferences behind the summary. null: not known.'),
  stable: z.boolean().nullable().describe('Whether the measurement settled before its time ran out. null: not judged.'),
  samplesMs: z
    .array(z.number().positive())
    .min(1)
    .max(profileLimits.samples)
    .optional()
    .describe('Raw samples, ms, in order of time: all of them, or evenly spaced ones. May be left out.'),
};

const measuredShape = {
  architecture: z
    .string()
    .min(1)
    .max(profileLimits.architectureLength)
    .describe("The architecture in the search space's canonical text."),
  ...resultShape,
};

const profiledShape = { kernelTimes: kernelTimesSchema.exactOptional() };

/** As profiles of version 1 have it: all measurements were of the target's workload. */
export const measurementV1Schema = z.strictObject(measuredShape);

export const measurementSchema = z
  .strictObject({
    workload: z
      .int()
      .nonnegative()
      .max(profileLimits.workloads - 1)
      .describe('What was run: index into workloads, from 0.'),
    ...measuredShape,
    ...profiledShape,
  })
  .describe('One network on the target.');

const graphSchema: z.ZodType<OperatorGraph> = operatorGraphSchema.describe(
  'What was run: its operators, attributes and shapes. It has no weights.',
);

export const modelMeasurementSchema = z
  .strictObject({
    graph: graphSchema,
    ...resultShape,
    ...profiledShape,
  })
  .describe('One network of no search space on the target.');

const workloadsSchema = z
  .array(workloadSchema)
  .max(profileLimits.workloads)
  .superRefine((workloads, check) => {
    const first = new Map<string, number>();
    for (const [index, workload] of workloads.entries()) {
      const earlier = first.get(workloadKey(workload));
      if (earlier === undefined) first.set(workloadKey(workload), index);
      else check.addIssue({ code: 'custom', path: [index], message: `the same as workload ${earlier}` });
    }
  })
  .describe('What was run, each once; measurements name them by index.');

const leftOut = 'Left out: none.';

const envelopeShape = {
  schemaVersion: z.literal(profileSchemaVersion).describe('Version of this format.'),
  target: profileTargetSchema,
  context: contextSchema,
  workloads: workloadsSchema,
  descriptor: descriptorSchema.nullable().describe('Hardware-runtime descriptor. null: none was measured.'),
};

export const profileSchema = z
  .strictObject({
    ...envelopeShape,
    measurements: z
      .array(measurementSchema)
      .max(profileLimits.measurements)
      .describe('In the order in which they were taken. A network stands in it once.'),
    models: z
      .array(modelMeasurementSchema)
      .max(profileLimits.models)
      .exactOptional()
      .describe(`Networks of no search space, with their operator graphs. ${leftOut}`),
  })
  .superRefine((profile, check) => {
    const { workloads, measurements } = profile;
    for (const issue of emptyLists(profile)) check.addIssue({ code: 'custom', ...issue });
    for (const [index, { workload }] of measurements.entries()) {
      if (workload < workloads.length) continue;
      const message = noSuchWorkload(workload, workloads.length);
      check.addIssue({ code: 'custom', path: ['measurements', index, 'workload'], message });
    }
  })
  .meta({ id: 'Profile', title: 'Sugarbush profile, version 2' });

/** The same with the measurements unread: each is parsed alone, so that a bad one does not cost the others. */
export const profileEnvelopeSchema = z
  .strictObject({
    ...envelopeShape,
    measurements: z.array(z.unknown()).max(profileLimits.measurements),
    models: z.array(z.unknown()).max(profileLimits.models).exactOptional(),
  })
  .superRefine((profile, check) => {
    for (const issue of emptyLists(profile)) check.addIssue({ code: 'custom', ...issue });
  });

/** Which of the lists must not be empty, beside each other. */
function emptyLists({
  workloads,
  measurements,
  models = [],
  descriptor,
}: {
  readonly descriptor: Descriptor | null;
  readonly workloads: readonly unknown[];
  readonly measurements: readonly unknown[];
  readonly models?: readonly unknown[];
}): { readonly path: string[]; readonly message: string }[] {
  const operators = Object.values(descriptor?.operators ?? {});
  const isDescribed = operators.some(({ latency }) => typeof latency !== 'string');
  if (measurements.length === 0 && models.length === 0 && !isDescribed) {
    const message = 'empty, as models is: at least one network was measured, or one operator of a descriptor';
    return [{ path: ['measurements'], message }];
  }
  if (measurements.length === 0 || workloads.length > 0) return [];
  return [{ path: ['workloads'], message: 'empty: measurements name what was run' }];
}

/** The sentence for a measurement whose workload the profile does not list. */
export function noSuchWorkload(workload: number, count: number): string {
  return `workload is ${workload}; there are ${count}, counted from 0`;
}

/** A network of no search space and what it took. */
export type ModelMeasurement = z.infer<typeof modelMeasurementSchema>;
export type ProfileMeasurement = z.infer<typeof measurementSchema>;
export type ProfileEnvelope = z.infer<typeof profileEnvelopeSchema>;
export type Profile = z.infer<typeof profileSchema>;
