// JSON.parse for bytes that nobody vouches for. A few megabytes of `[[],[],…` cost gigabytes as objects, so what would
// be built is counted first, in one pass over the bytes; only then is it parsed.

export interface JsonLimits {
  /** Nested objects and arrays. */
  readonly depth: number;
  /** Objects and arrays in all. */
  readonly containers: number;
  /** Strings in all, keys included. */
  readonly strings: number;
  /** Members of one object, elements of one array: each may become an issue when they are checked. */
  readonly entries: number;
}

export type ParsedJson =
  | { readonly outcome: 'ok'; readonly value: unknown }
  | { readonly outcome: 'invalid'; readonly message: string }
  | { readonly outcome: 'too-complex'; readonly message: string };

/** The value of a JSON text within limits that are checked before anything is built. Total: never throws. */
export function parseBoundedJson(bytes: Uint8Array, limits: JsonLimits): ParsedJson {
  const excess = firstExcess(bytes, limits);
  if (excess !== undefined) return { outcome: 'too-complex', message: excess };
  try {
    return { outcome: 'ok', value: JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)) as unknown };
  } catch (error) {
    return { outcome: 'invalid', message: (error as Error).message };
  }
}

const quote = 0x22;
const backslash = 0x5c;

function firstExcess(bytes: Uint8Array, limits: JsonLimits): string | undefined {
  let depth = 0;
  let containers = 0;
  let strings = 0;
  // Separators seen in the containers that are open, by depth.
  const separators = new Uint32Array(limits.depth + 1);
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i]!;
    if (byte === quote) {
      if (++strings > limits.strings) return `more than ${limits.strings} strings`;
      i++;
      while (i < bytes.length && bytes[i] !== quote) i += bytes[i] === backslash ? 2 : 1;
    } else if (byte === 0x7b || byte === 0x5b) {
      if (++containers > limits.containers) return `more than ${limits.containers} objects and arrays`;
      if (++depth > limits.depth) return `nested deeper than ${limits.depth}`;
      separators[depth] = 0;
    } else if (byte === 0x7d || byte === 0x5d) depth = Math.max(0, depth - 1);
    else if (byte === 0x2c && ++separators[depth]! >= limits.entries) {
      return `more than ${limits.entries} entries in one object or array`;
    }
  }
  return undefined;
}
