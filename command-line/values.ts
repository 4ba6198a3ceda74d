// What option values may be: each takes the text of the command line. `.optional()` comes on top.
import * as z from 'zod';

export const text = z.string().min(1, 'must not be empty');

/** Digits only: no sign, fraction or exponent. */
export function integerBetween(least: number, most: number) {
  const allowed = `a whole number from ${least} to ${most}`;
  return z
    .string()
    .regex(/^\d{1,15}$/, allowed)
    .transform(Number)
    .refine((value) => value >= least && value <= most, allowed);
}

/** Plain decimals such as 0.02. */
export function numberBetween(least: number, most: number) {
  const allowed = `a number from ${least} to ${most}`;
  return z
    .string()
    .regex(/^\d{1,9}(\.\d+)?$/, allowed)
    .transform(Number)
    .refine((value) => value >= least && value <= most, allowed);
}

/** Address of a service, without the slashes at its end. */
export const serviceUrl = z
  .url({ protocol: /^https?$/, error: 'must be an address that begins with http:// or https://' })
  .transform((url) => url.replace(/\/+$/, ''));

export const positiveInteger = z
  .string()
  .regex(/^[1-9]\d{0,6}$/, 'a whole number from 1')
  .transform(Number);

export const wholeNumber = z
  .string()
  .regex(/^\d{1,9}$/, 'a whole number from 0')
  .transform(Number);

export const positiveNumber = z
  .string()
  .regex(/^\d{1,9}(\.\d+)?$/, 'a number such as 0.5')
  .transform(Number)
  .refine((value) => value > 0, 'must be above 0');

/** `a, b` → `['a', 'b']`; empty parts are passed over. */
export const list = z.string().transform((all) =>
  all
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== ''),
);

/** At least one. */
export const listOf = <T>(item: z.ZodType<T, string>) => list.pipe(z.array(item).min(1, 'at least one'));
