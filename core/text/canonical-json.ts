// One text for one value: JSON with the keys of every object in code-unit order and no spaces (as in RFC 8785, whose
// number format is JavaScript's). For digests; not for reading.

/** @param value plain JSON data; `undefined` properties are left out. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, part: unknown) =>
    part !== null && typeof part === 'object' && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  );
}
