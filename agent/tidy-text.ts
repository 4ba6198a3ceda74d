// Text that came from a device or a program, made into what a profile may hold.

/** One line of printable text with single spaces, cut to `maxLength` UTF-16 units; null where nothing is left. */
export function tidyText(text: string | undefined, maxLength: number): string | null {
  const tidied = (text ?? '')
    .replace(/[^\p{L}\p{N}\p{P}\p{S}]+/gu, ' ')
    .trim()
    .slice(0, maxLength)
    // The cut may go through a character of two units.
    .replace(/[\uD800-\uDBFF]$/, '')
    .trim();
  return tidied === '' ? null : tidied;
}
