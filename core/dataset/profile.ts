// What a device uploads, version 1: which target it is, how it was measured, the descriptor, the measurements.
// Structure and numbers only: there is no place in it for weights, inputs or outputs of a network.
// docs/profile-format.md explains each field; docs/profile.schema.json is generated from here.
import * as z from 'zod';
import { descriptorSchema } from '#core/descriptor/descriptor.ts';
import { descriptorOperators } from '#core/descriptor/descriptor-operators.ts';
import { statesInputSize } from '#core/search-space/network/input-size.ts';
import { searchSpace, searchSpaceIds, searchSpaces } from '#core/search-space/registry.ts';
import { latencySummarySchema } from '#core/statistics/latency-summary.ts';
import { identifier, text } from '#core/text/line-text.ts';

export const profileSchemaVersion = 1;

/** Limits of one profile. A profile of everything in the largest enumerated space (15,625 cells) fits. */
export const profileLimits = {
  measurements: 20_000,
  samples: 1_000,
  architectureLength: 512,
  settings: 32,
} as const;

export const precisions = ['fp32', 'tf32', 'fp16', 'bf16', 'int8', 'int4', 'mixed'] as const;

const hardwareSchema = z
  .strictObject({
    vendor: text(64).nullable().describe('Maker of the device. null: not known.'),
    model: text(96).describe('Model of the device, as its maker names it.'),
    cpu: text(96).nullable().describe('Model name of the CPU. null: not known.'),
    cores: z.int().positive().max(4096).nullable().describe('Logical processors the system has. null: not known.'),
    memoryMib: z
      .int()
      .positive()
      .multipleOf(128)
      .nullable()
      .describe('Nominal memory, MiB: what the system reports, rounded up as nominalMemoryMib does. null: not known.'),
    accelerator: text(96)
      .nullable()
      .describe('Model of the accelerator that the network runs on; `none` where it runs on the CPU. null: not known.'),
  })
  .describe('The device.');

const runtimeSchema = z
  .strictObject({
    name: identifier.nullable().describe('Such as onnxruntime, onnxruntime-web, tensorrt, tflite. null: not known.'),
    version: text(48).nullable().describe('Version of the runtime. null: not known.'),
    executionProvider: identifier.nullable().describe('Such as cpu, wasm, cuda, tensorrt. null: not known.'),
    settings: z
      .record(
        z
          .string()
          .max(48, { abort: true })
          .regex(/^[a-z][a-zA-Z0-9]*$/),
        z.union([z.boolean(), z.number(), text(64)]),
      )
      .refine((settings) => Object.keys(settings).length <= profileLimits.settings, {
        message: `at most ${profileLimits.settings} settings`,
      })
      .describe('Settings that change latency, by camelCase name: threads, graphOptimization. {}: none known.'),
  })
  .describe('What runs the network.');

/** Where each architecture states its input size. */
const sizeless = searchSpaces
  .filter(statesInputSize)
  .map(({ id }) => id)
  .join(', ');

const workloadSchema = z
  .strictObject({
    searchSpace: z.enum(searchSpaceIds).describe('The family of networks that was measured.'),
    inputSize: z
      .int()
      .positive()
      .max(4096)
      .nullable()
      .describe(`Height and width of the input, pixels. null in ${sizeless}, where each architecture states its own.`),
    batchSize: z.int().positive().max(65_536).describe('Images per inference.'),
    precision: z.enum(precisions).nullable().describe('Number format the network runs in. null: not known.'),
  })
  .refine((workload) => (workload.inputSize === null) === statesInputSize(searchSpace(workload.searchSpace)), {
    path: ['inputSize'],
    message: `a number of pixels; null in ${sizeless} and only there`,
  })
  .describe('What is run.');

export const profileTargetSchema = z
  .strictObject({ hardware: hardwareSchema, runtime: runtimeSchema, workload: workloadSchema })
  .describe('What latency is measured on and predicted for. The target id is derived from exactly this.');

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

const contextSchema = z
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

export const measurementSchema = z
  .strictObject({
    architecture: z
      .string()
      .min(1)
      .max(profileLimits.architectureLength)
      .describe("The architecture in the search space's canonical text."),
    latency: latencySummarySchema.describe('Latency of one inference of the whole batch, end to end.'),
    runs: z.int().positive().nullable().describe('Timed inferences behind the summary. null: not known.'),
    stable: z
      .boolean()
      .nullable()
      .describe('Whether the measurement settled before its time ran out. null: not judged.'),
    samplesMs: z
      .array(z.number().positive())
      .min(1)
      .max(profileLimits.samples)
      .optional()
      .describe('Raw samples, ms, in order of time: all of them, or evenly spaced ones. May be left out.'),
  })
  .describe('One architecture on the target.');

export const profileSchema = z
  .strictObject({
    schemaVersion: z.literal(profileSchemaVersion).describe('Version of this format.'),
    target: profileTargetSchema,
    context: contextSchema,
    descriptor: descriptorSchema.nullable().describe('Hardware-runtime descriptor. null: none was measured.'),
    measurements: z
      .array(measurementSchema)
      .min(1)
      .max(profileLimits.measurements)
      .describe('In the order in which they were taken. An architecture stands in it once.'),
  })
  .superRefine((profile, check) => checkOperators(profile, check))
  .meta({ id: 'Profile', title: 'Sugarbush profile, version 1' });

/** The same with the measurements unread: each is parsed alone, so that a bad one does not cost the others. */
export const profileEnvelopeSchema = z
  .strictObject({ ...profileSchema.shape, measurements: z.array(z.unknown()).min(1).max(profileLimits.measurements) })
  .superRefine((profile, check) => checkOperators(profile, check));

export type ProfileTarget = z.infer<typeof profileTargetSchema>;
export type ProfileContext = z.infer<typeof contextSchema>;
export type ProfileMeasurement = z.infer<typeof measurementSchema>;
export type Profile = z.infer<typeof profileSchema>;

/** Memory as it is sold, from what a system reports (a kernel keeps some for itself, and how much varies with its
 * version): rounded up to 128 MiB below 1 GiB, to 1 GiB above. */
export function nominalMemoryMib(reportedBytes: number): number {
  const mib = reportedBytes / 2 ** 20;
  const step = mib <= 1024 ? 128 : 1024;
  return Math.ceil(mib / step) * step;
}

/** A descriptor holds exactly the operators of its search space. */
function checkOperators(
  profile: { target: ProfileTarget; descriptor: z.infer<typeof descriptorSchema> | null },
  check: z.RefinementCtx,
): void {
  if (profile.descriptor === null) return;
  const { searchSpace } = profile.target.workload;
  const wanted = descriptorOperators[searchSpace];
  const issue = (path: string[], message: string): void =>
    check.addIssue({ code: 'custom', path: ['descriptor', ...path], message });
  if (wanted.length === 0) {
    issue([], `${searchSpace} has no operators to describe: descriptor must be null`);
    return;
  }
  const given = profile.descriptor.operators;
  for (const key of wanted) if (!Object.hasOwn(given, key)) issue(['operators', key], 'operator is missing');
  for (const [key, operator] of Object.entries(given)) {
    if (!wanted.includes(key)) issue(['operators', key], `not an operator of ${searchSpace}`);
    for (const counter of Object.keys(operator.runningPercent))
      if (typeof operator.counters[counter as keyof typeof operator.counters] !== 'number')
        issue(['operators', key, 'runningPercent', counter], 'only for a counter with a number');
    if ((operator.runs === null) !== (typeof operator.latency === 'string'))
      issue(['operators', key, 'runs'], 'null where there is no latency, and only there');
  }
}
