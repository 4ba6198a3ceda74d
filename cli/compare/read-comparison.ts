// What `compare --json` printed before, read again, so that parts of a long comparison can be shown together.
import { readFileSync } from 'node:fs';
import * as z from 'zod';
import { DomainError } from '#core/errors.ts';
import type { ComparisonResult } from '#core/predictor/evaluation/compare-methods.ts';

const share = z.number().min(0).max(1);

const comparisonSchema = z.strictObject({
  schemaVersion: z.literal(1),
  means: z.array(z.unknown()),
  results: z.array(
    z.strictObject({
      pool: z.string(),
      method: z.string(),
      target: z.string(),
      measurements: z.int().nonnegative(),
      seed: z.int().nonnegative(),
      draw: z.int().nonnegative(),
      spearman: z
        .number()
        .nullable()
        .transform((value) => value ?? Number.NaN),
      within1: share,
      within5: share,
      within10: share,
      medianApe: z.number().nonnegative(),
    }),
  ),
});

/** @throws DomainError `invalid-usage` for a file that cannot be read or that `compare --json` did not print */
export function readComparison(file: string): ComparisonResult[] {
  try {
    return comparisonSchema.parse(JSON.parse(readFileSync(file, 'utf8'))).results;
  } catch (cause) {
    const message = cannotRead(file, cause);
    throw new DomainError('invalid-usage', message, { cause });
  }
}

function cannotRead(file: string, cause: unknown): string {
  if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return `no file ${file}`;
  const [issue] = cause instanceof z.ZodError ? cause.issues : [];
  const what = issue === undefined ? (cause as Error).message : `${issue.path.join('/')}: ${issue.message}`;
  return `${file} is not what compare --json prints: ${what}`;
}
