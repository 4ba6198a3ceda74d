// The hardware-runtime descriptor as it is written in a profile: for each operator of a list its latency on the target
// and its performance counters. Every value is a number or says why there is none; nothing is ever 0 for want of a
// value.
import * as z from 'zod';
import { workloadSchema } from '#core/search-space/workload.ts';
import { latencySummarySchema } from '#core/statistics/latency-summary.ts';
import { text } from '#core/text/line-text.ts';
import { counterNames } from './counters.ts';
import { descriptorLists, descriptorOperators, operatorSizeFault } from './descriptor-operators.ts';

/** `unsupported`: this device or runtime cannot; `not-counted`: it could, but there is no usable value. */
export const absenceSchema = z
  .enum(['unsupported', 'not-counted'])
  .describe('unsupported: the device or runtime cannot deliver it. not-counted: it could, but no usable value came.');

export type Absence = z.infer<typeof absenceSchema>;

const counterValueSchema = z.union([z.number().nonnegative(), absenceSchema]);

const counterNameSchema = z.enum(counterNames);

export const operatorSchema = z
  .strictObject({
    latency: z.union([latencySummarySchema, absenceSchema]).describe('Latency of the operator alone, as one network.'),
    runs: z.int().positive().nullable().describe('Measured inferences behind the latency. null: no latency.'),
    stable: z
      .boolean()
      .optional()
      .describe('Whether the latency settled before its time ran out. Left out: not judged.'),
    counters: z
      .partialRecord(counterNameSchema, counterValueSchema)
      .describe('Counts per inference by counter name. A counter that is left out reads as not-counted.'),
    runningPercent: z
      .partialRecord(counterNameSchema, z.number().positive().max(100))
      .describe('Share of the time that the counter was really counting, percent; below 100 the value was scaled up.'),
  })
  .describe('One operator on the target.');

const valuesShape = {
  counters: z
    .partialRecord(
      counterNameSchema,
      z.strictObject({
        pmu: text(64)
          .nullable()
          .describe('Kernel name of the PMU, such as armv8_cortex_a76. null: software event, or none.'),
        event: text(128).describe('The event as it was given to the counting tool, or as that calls it.'),
        source: z
          .literal('cachegrind')
          .exactOptional()
          .describe("cachegrind: counted by valgrind's simulation, not by the processor. Left out: by perf."),
      }),
    )
    .describe('What each counter name stood for on this device.'),
  operators: z
    .record(
      z
        .string()
        .max(64, { abort: true })
        .regex(/^[a-z0-9]+\/[a-z0-9_]+$/),
      operatorSchema,
    )
    .describe('Operators by key. Every operator of the list is there, and no other.'),
};

/** As profiles of version 1 have it: the list and the sizes were those of the target. */
export const descriptorValuesSchema = z.strictObject(valuesShape).describe('Hardware-runtime descriptor.');
export type DescriptorValues = z.infer<typeof descriptorValuesSchema>;

const { inputSize, batchSize } = workloadSchema.shape;

export const descriptorSchema = z
  .strictObject({
    list: z.enum(descriptorLists).describe('Which list of operators was measured.'),
    inputSize: inputSize.describe(
      'Height and width that the operators were made for, pixels. null in the list standard: each states its own.',
    ),
    batchSize,
    ...valuesShape,
  })
  .superRefine((descriptor, check) => {
    for (const { path, message } of descriptorFaults(descriptor)) check.addIssue({ code: 'custom', path, message });
  })
  .describe('Hardware-runtime descriptor.');

export type Operator = z.infer<typeof operatorSchema>;
export type Descriptor = z.infer<typeof descriptorSchema>;

interface Fault {
  readonly path: string[];
  readonly message: string;
}

/** What the fields alone do not say: the operators are those of the list, and each value agrees with its neighbours. */
export function descriptorFaults(descriptor: Descriptor): Fault[] {
  const { list, operators: given } = descriptor;
  const wanted = descriptorOperators[list];
  const faults: Fault[] = [];
  const sizeFault = operatorSizeFault(list, descriptor.inputSize);
  if (sizeFault !== undefined) faults.push({ path: ['inputSize'], message: sizeFault });
  const fault = (path: string[], message: string): number => faults.push({ path: ['operators', ...path], message });
  for (const key of wanted) if (!Object.hasOwn(given, key)) fault([key], 'operator is missing');
  for (const [key, operator] of Object.entries(given)) {
    if (!wanted.includes(key)) fault([key], `not an operator of ${list}`);
    for (const counter of Object.keys(operator.runningPercent))
      if (typeof operator.counters[counter as keyof typeof operator.counters] !== 'number')
        fault([key, 'runningPercent', counter], 'only for a counter with a number');
    if ((operator.runs === null) !== (typeof operator.latency === 'string'))
      fault([key, 'runs'], 'null where there is no latency, and only there');
  }
  return faults;
}
