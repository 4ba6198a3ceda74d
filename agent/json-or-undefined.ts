// JSON of somebody else's making: what is no JSON reads as undefined, for a schema to refuse.

/** The value of a JSON text; undefined for anything else. */
export function jsonOrUndefined(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
