// data/predictor/targets.json.gz: the targets that come with the project, adapted to the predictor that comes with it.
// One file names the other by its hash and is refused beside any other.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gunzipSync, gzipSync } from 'node:zlib';
import * as z from 'zod';
import { DomainError } from '#core/errors.ts';
import { compactAdaptationSchema } from '#core/predictor/adaptation/compact-adaptation.ts';
import { targetDescriptionSchema } from './measured-target.ts';

/** Where the shipped file is. */
export const shippedTargetsFile = fileURLToPath(new URL('../../data/predictor/targets.json.gz', import.meta.url));

const shippedTargetSchema = z.strictObject({
  ...targetDescriptionSchema.shape,
  /** How many measurements the source has. */
  available: z.int().positive(),
  adaptation: compactAdaptationSchema,
});
export type ShippedTarget = z.infer<typeof shippedTargetSchema>;

const fileSchema = z.strictObject({
  format: z.literal('sugarbush-targets'),
  formatVersion: z.literal(1),
  predictorHash: z.string().regex(/^[0-9a-f]{64}$/),
  targets: z.array(shippedTargetSchema),
});
export type TargetsFile = z.infer<typeof fileSchema>;

/** gzip; the same targets give the same bytes. */
export const encodeTargets = (predictorHash: string, targets: readonly ShippedTarget[]): Uint8Array =>
  gzipSync(JSON.stringify({ format: 'sugarbush-targets', formatVersion: 1, predictorHash, targets }), { level: 9 });

/** @param predictorHash of the predictor that they are asked of
 * @throws DomainError `invalid-targets`: no such file, damaged, or of another predictor */
export function readTargets(predictorHash: string, file: string = shippedTargetsFile): ShippedTarget[] {
  const again = '`npx sugarbush adapt-shipped` makes it';
  const read = parsed(file, again);
  if (read.predictorHash !== predictorHash) {
    throw new DomainError(
      'invalid-targets',
      `${file} is of predictor ${read.predictorHash.slice(0, 16)}, not of ${predictorHash.slice(0, 16)}; ${again} anew`,
    );
  }
  return read.targets;
}

function parsed(file: string, again: string): TargetsFile {
  try {
    return fileSchema.parse(JSON.parse(gunzipSync(readFileSync(file)).toString('utf8')));
  } catch (cause) {
    const why = cause instanceof z.ZodError ? z.prettifyError(cause).split('\n')[0] : (cause as Error).message;
    throw new DomainError('invalid-targets', `${file} cannot be read: ${why}; ${again}`, { cause });
  }
}
