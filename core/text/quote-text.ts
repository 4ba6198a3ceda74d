// Text from strangers inside a message: quoted, control characters escaped, and no more of it than a line needs.

const echoedCharacters = 60;

/** A text in quotes, for a message; a long one is cut and its length stated. */
export function quoteText(text: string): string {
  return text.length <= echoedCharacters
    ? JSON.stringify(text)
    : `${JSON.stringify(text.slice(0, echoedCharacters))}… (${text.length} characters)`;
}
