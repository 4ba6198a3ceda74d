// What latency is measured on and predicted for: hardware × runtime × settings × precision. What is run on it (search
// space, input size, batch size) stands with each measurement.
import * as z from 'zod';
import { identifier, text } from '#core/text/line-text.ts';

export const precisions = ['fp32', 'tf32', 'fp16', 'bf16', 'int8', 'int4', 'mixed'] as const;

const mostSettings = 32;

export const hardwareSchema = z
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

export const runtimeSchema = z
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
      .refine((settings) => Object.keys(settings).length <= mostSettings, {
        message: `at most ${mostSettings} settings`,
      })
      .describe('Settings that change latency, by camelCase name: threads, graphOptimization. {}: none known.'),
  })
  .describe('What runs the network.');

export const precisionSchema = z
  .enum(precisions)
  .nullable()
  .describe('Number format the network runs in. null: not known.');

export const profileTargetSchema = z
  .strictObject({ hardware: hardwareSchema, runtime: runtimeSchema, precision: precisionSchema })
  .describe('What latency is measured on and predicted for. The target id is derived from exactly this.');

export type ProfileTarget = z.infer<typeof profileTargetSchema>;

/** Memory as it is sold, from what a system reports (a kernel keeps some for itself, and how much varies with its
 * version): rounded up to 128 MiB below 1 GiB, to 1 GiB above. */
export function nominalMemoryMib(reportedBytes: number): number {
  const mib = reportedBytes / 2 ** 20;
  const step = mib <= 1024 ? 128 : 1024;
  return Math.ceil(mib / step) * step;
}
