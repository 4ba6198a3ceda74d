// The hardware-runtime descriptor as it is written in a profile: for each operator of the search space its latency on
// the target and its performance counters. Every value is a number or says why there is none; nothing is ever 0 for
// want of a value.
import * as z from 'zod';
import { latencySummarySchema } from '#core/statistics/latency-summary.ts';
import { text } from '#core/text/line-text.ts';
import { counterNames } from './counters.ts';

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

export const descriptorSchema = z
  .strictObject({
    counters: z
      .partialRecord(
        counterNameSchema,
        z.strictObject({
          pmu: text(64).nullable().describe('Kernel name of the PMU, such as armv8_cortex_a76. null: software event.'),
          event: text(128).describe('The event as it was given to the counting tool.'),
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
      .describe('Operators by key. With a descriptor every operator key of the search space is there.'),
  })
  .describe('Hardware-runtime descriptor.');

export type Operator = z.infer<typeof operatorSchema>;
export type Descriptor = z.infer<typeof descriptorSchema>;
