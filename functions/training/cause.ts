// The sentence in a Catch's Cause, which for a Lambda is JSON with the error's message and its stack.

export function causeOf(cause: string | undefined): string {
  if (cause === undefined) return 'no reason was given';
  try {
    const { errorMessage } = JSON.parse(cause) as { errorMessage?: unknown };
    if (typeof errorMessage === 'string') return errorMessage;
  } catch {
    // Not of a Lambda.
  }
  return cause;
}
