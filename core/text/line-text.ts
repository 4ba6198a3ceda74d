// The two kinds of text that a profile may hold: printable one-line text, and lower-case identifiers. Both bounded, so
// that a name never breaks a terminal, a page or a key.
import * as z from 'zod';

/** One line of letters, digits, punctuation, symbols and single inner spaces; no control characters. */
export function text(maxLength: number) {
  return (
    z
      .string()
      // What is too long is not matched as well: over megabytes a pattern takes all of the stack.
      .max(maxLength, { abort: true })
      .regex(
        /^[\p{L}\p{N}\p{P}\p{S}]+(?: [\p{L}\p{N}\p{P}\p{S}]+)*$/u,
        'one line of printable text, no outer or double spaces',
      )
  );
}

/** `onnxruntime`, `cpu`, `fp32.v2`: lower-case letters, digits and inner `.`, `_`, `-`. */
export const identifier = z
  .string()
  .max(48, { abort: true })
  .regex(/^[a-z0-9]+(?:[._-][a-z0-9]+)*$/, 'lower-case letters and digits, with single . _ - between them');
