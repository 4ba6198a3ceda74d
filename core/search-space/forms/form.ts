// What a form of an architecture is: how another tool writes it, read and written. A form knows values, such as a
// number or a list; text becomes values in core/text/read-literal.ts.
import { DomainError } from '#core/errors.ts';
import { quoteText } from '#core/text/quote-text.ts';
import type { Architecture } from '../search-space.ts';

export interface ArchitectureForm {
  /** As it is named on the command line: `index`, `naslib`. */
  readonly name: string;
  /** Which tools write it, for help and documents. */
  readonly of: string;
  /** A value of this form, as text. */
  readonly example: string;
  /** @throws DomainError `invalid-architecture`: which part is wrong and what is allowed there */
  read(value: unknown): Architecture;
  /** The value as JSON has it: numbers, lists, objects. */
  write(architecture: Architecture): unknown;
}

/**
 * The error for a value that is not of a form, to be thrown: DomainError `invalid-architecture`.
 * @param part which part: `the list`, `operation 3`, `"d"`
 */
export function notOfForm(form: string, part: string, value: unknown, allowed: string): DomainError {
  const shown = value === undefined ? 'missing' : quoteText(typeof value === 'string' ? value : shownValue(value));
  return new DomainError('invalid-architecture', `not of form '${form}': ${part} is ${shown}; allowed: ${allowed}`);
}

const shownValue = (value: unknown): string =>
  JSON.stringify(value, (_, part: unknown) => (part instanceof Map ? Object.fromEntries(part) : part)) ?? String(value);

/**
 * A list of whole numbers, each an index into `names`, as those names.
 * @param part what an entry is called in a refusal: `layer`, `edge`
 * @throws DomainError `invalid-architecture`
 */
export function readIndices(
  value: unknown,
  { form, part, names, count }: { form: string; part: string; names: readonly string[]; count: number },
): string[] {
  if (!Array.isArray(value) || value.length !== count) {
    throw notOfForm(form, 'the list', value, `${count} whole numbers, one for each ${part}`);
  }
  const meaning = names.map((name, index) => `${index} ${name}`).join(', ');
  return value.map((index: unknown, at) => {
    const name = typeof index === 'number' ? names[index] : undefined;
    if (name === undefined) throw notOfForm(form, `${part} ${at + 1}`, index, meaning);
    return name;
  });
}

/** The fields of a dictionary, as read from text or given as an object; undefined for any other value. */
export function fieldsOf(value: unknown): ReadonlyMap<unknown, unknown> | undefined {
  if (value instanceof Map) return value;
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  return new Map(Object.entries(value));
}
