// What is left out of a profile, for people: each reason once, with how many it is of.

/** Such as `7 as measurement-unstable (the first: …), 1 as model-duplicate (the first: …)`, most frequent first; empty
 * where nothing is left out. */
export function exclusionText(excluded: readonly { readonly code: string; readonly message: string }[]): string {
  const groups = new Map<string, { readonly first: string; readonly count: number }>();
  for (const { code, message } of excluded) {
    const { first = message, count = 0 } = groups.get(code) ?? {};
    groups.set(code, { first, count: count + 1 });
  }
  return [...groups]
    .sort(([, a], [, b]) => b.count - a.count)
    .map(([code, { first, count }]) => `${count} as ${code} (the first: ${first})`)
    .join(', ');
}
