// The one refusal of a malformed architecture text: which part is wrong, its text, and what is allowed there.
import { DomainError } from '#core/errors.ts';
import { quoteText } from '#core/text/quote-text.ts';

/** Begins as a number, list, tuple or dictionary does. */
const foreign = /^\s*[\d[({]/;

/**
 * @param part which part, in the words of the space: `edge 1→2`, `layer 7`, `stage 3 block 2`
 * @param text the text of that part as given
 */
export function invalidArchitecture(spaceTitle: string, part: string, text: string, allowed: string): DomainError {
  const hint = foreign.test(text)
    ? '; what other tools write is read by `sugarbush convert` (docs/architectures.md)'
    : '';
  return new DomainError(
    'invalid-architecture',
    `not a ${spaceTitle} architecture: ${part} is ${quoteText(text)}; allowed: ${allowed}${hint}`,
  );
}
