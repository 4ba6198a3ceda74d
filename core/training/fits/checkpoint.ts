// A fit's checkpoint as bytes: a line of JSON, then parameters, first and second moments as little-endian float32.
// Exact: what is read back is bit for bit what was written.
import { createHash } from 'node:crypto';
import * as z from 'zod';
import { DomainError } from '#core/errors.ts';
import { stateNames } from '#core/onnx/training-step.ts';
import type { FitCheckpoint } from '#core/predictor/fitting/fit-predictor.ts';

const headerSchema = z.strictObject({
  format: z.literal('sugarbush-checkpoint'),
  formatVersion: z.literal(1),
  step: z.int().positive(),
  loss: z.number(),
  /** Numbers in each of the arrays. */
  count: z.int().positive(),
  sha256: z.string(),
});

/** The array's own bytes; Lambda, and every machine that the stack runs on, is little-endian. */
const bytesOf = (values: Float32Array): Uint8Array =>
  new Uint8Array(values.buffer, values.byteOffset, values.byteLength);

const digest = (body: Uint8Array): string => createHash('sha256').update(body).digest('hex');

/** A line of JSON with a hash, then parameters and moments as little-endian float32. */
export function encodeCheckpoint({ step, loss, state }: FitCheckpoint): Uint8Array {
  const body = Buffer.concat(stateNames.map((name) => bytesOf(state[name])));
  const count = state.parameters.length;
  const header = { format: 'sugarbush-checkpoint', formatVersion: 1, step, loss, count, sha256: digest(body) };
  return Buffer.concat([Buffer.from(`${JSON.stringify(header)}\n`), body]);
}

/** @throws DomainError `internal` for bytes that are not whole: the fit has to start anew */
export function decodeCheckpoint(bytes: Uint8Array): FitCheckpoint {
  const end = bytes.indexOf(0x0a);
  let header: z.infer<typeof headerSchema>;
  try {
    header = headerSchema.parse(JSON.parse(new TextDecoder().decode(bytes.subarray(0, Math.max(end, 0)))));
  } catch (cause) {
    throw new DomainError('internal', 'a checkpoint does not begin as one', { cause });
  }
  // Copied, and not by `slice`, which of a Buffer is a view: float32 has to start at a multiple of four bytes.
  const body = new Uint8Array(bytes.subarray(end + 1));
  const { step, loss, count, sha256 } = header;
  if (body.length !== stateNames.length * count * 4 || digest(body) !== sha256) {
    throw new DomainError('internal', `a checkpoint of step ${step} is damaged`);
  }
  const state = Object.fromEntries(
    stateNames.map((name, i) => [name, new Float32Array(body.buffer, i * count * 4, count)]),
  ) as FitCheckpoint['state'];
  return { step, loss, state };
}
