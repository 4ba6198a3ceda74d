// A whole number in a query string, one form for all of them: decimal digits, and nothing else that JavaScript takes
// for a number.
import * as z from 'zod';

/** From 1 on.
 * @param maximum the largest that is allowed */
export function queryInteger(maximum: number) {
  const allowed = `a whole number from 1 to ${maximum}, in decimal digits`;
  // A client and the document's examples state a number; the query string makes text of it.
  return z.coerce
    .string<number>()
    .refine((text) => /^\d{1,15}$/.test(text), allowed)
    .transform(Number)
    .pipe(z.int().min(1, allowed).max(maximum, allowed));
}

/** What the OpenAPI document says of one. */
export const queryIntegerMeta = (maximum: number, description: string, more: { readonly default?: number } = {}) => ({
  description,
  override: { type: 'integer' as const, minimum: 1, maximum, ...more },
});
