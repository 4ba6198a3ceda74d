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
  /** Members of one object, where fewer are allowed than elements of an array. */
  readonly members?: number;
  /** Numbers, true, false and null in all; left out: any number. */
  readonly scalars?: number;
}

export type ParsedJson =
  | { readonly outcome: 'ok'; readonly value: unknown }
  | { readonly outcome: 'invalid'; readonly message: string }
  | { readonly outcome: 'too-complex'; readonly message: string };

/** The value of a JSON text within limits that are checked before anything is built. Total: never throws. */
export function parseBoundedJson(bytes: Uint8Array, limits: JsonLimits): ParsedJson {
  const excess = jsonExcess(bytes, limits);
  if (excess !== undefined) return { outcome: 'too-complex', message: excess };
  try {
    return { outcome: 'ok', value: JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)) as unknown };
  } catch (error) {
    return { outcome: 'invalid', message: (error as Error).message };
  }
}

const quote = 0x22;
const backslash = 0x5c;
const openObject = 0x7b;
const openArray = 0x5b;
const comma = 0x2c;
const colon = 0x3a;
/** Everything up to it is white space or no JSON. */
const space = 0x20;

/** Where the quote stands that ends a string; behind the bytes where none does. */
function endOfEscaped(bytes: Uint8Array, from: number): number {
  let i = from;
  while (i < bytes.length && bytes[i] !== quote) i += bytes[i] === backslash ? 2 : 1;
  return i;
}

function endOfPlain(bytes: Uint8Array, from: number): number {
  const at = bytes.indexOf(quote, from);
  return at < 0 ? bytes.length : at;
}

/** What a JSON text has too much of, before anything is built of it: 'more than 16 strings'. Undefined when it keeps
 * the limits, also where it is no JSON. */
export function jsonExcess(bytes: Uint8Array, limits: JsonLimits): string | undefined {
  const { members = limits.entries, scalars: mostScalars = Number.POSITIVE_INFINITY } = limits;
  let depth = 0;
  let containers = 0;
  let strings = 0;
  let scalars = 0;
  let inScalar = false;
  // Hardly any text has an escape, and without them a string ends with the next quote.
  const hasEscapes = bytes.includes(backslash);
  // Separators seen in the containers that are open, by depth, and how many each may have.
  const separators = new Uint32Array(limits.depth + 1);
  const allowed = new Uint32Array(limits.depth + 1).fill(limits.entries);
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i]!;
    const wasInScalar = inScalar;
    inScalar = false;
    if (byte === quote) {
      if (++strings > limits.strings) return `more than ${limits.strings} strings`;
      i = hasEscapes ? endOfEscaped(bytes, i + 1) : endOfPlain(bytes, i + 1);
    } else if (byte === openObject || byte === openArray) {
      if (++containers > limits.containers) return `more than ${limits.containers} objects and arrays`;
      if (++depth > limits.depth) return `nested deeper than ${limits.depth}`;
      separators[depth] = 0;
      allowed[depth] = byte === openObject ? members : limits.entries;
    } else if (byte === 0x7d || byte === 0x5d) depth = Math.max(0, depth - 1);
    else if (byte === comma) {
      if (++separators[depth]! >= allowed[depth]!) return `more than ${allowed[depth]} entries in one object or array`;
    } else if (byte > space && byte !== colon) {
      inScalar = true;
      if (!wasInScalar && ++scalars > mostScalars) return `more than ${mostScalars} numbers, true, false or null`;
    }
  }
  return undefined;
}
