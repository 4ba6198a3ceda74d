// JSON of somebody else's making: what is no JSON reads as undefined, for a schema to refuse.

export function jsonOrUndefined(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
