// Reads a value as Python or JSON writes it: numbers, quoted texts, lists, tuples, dictionaries, None, null, True,
// False. NumPy's lists without commas and bare numbers in a row (`0 3 4`) are lists too. Nothing is evaluated.
import { DomainError } from '#core/errors.ts';
import { quoteText } from './quote-text.ts';

/** Far below what overflows a stack, far above what an architecture needs. */
const mostNesting = 32;

/**
 * The value that a text of Python or JSON stands for; tuples and lists become arrays, dictionaries become Maps.
 * @throws DomainError `invalid-request` for anything else, naming the place and what is allowed
 */
export function readLiteral(text: string): unknown {
  const tokens = tokensOf(text);
  if (tokens.length === 0) throw notLiteral(text, 'there is nothing in it');
  const cursor = { tokens, at: 0, text };
  const values: unknown[] = [];
  while (cursor.at < tokens.length) {
    values.push(readValue(cursor, 0));
    if (tokens[cursor.at]?.text === ',') cursor.at++;
  }
  if (values.length > 1 || tokens.at(-1)!.text === ',') return values;
  return values[0];
}

interface Token {
  readonly kind: 'mark' | 'text' | 'number' | 'word';
  readonly text: string;
  /** Characters before it. */
  readonly at: number;
}

interface Cursor {
  readonly tokens: readonly Token[];
  readonly text: string;
  at: number;
}

const tokenPattern =
  /\s+|(?<mark>[[\](){},:])|(?<text>'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")|(?<number>[+-]?\d+(?:\.\d*)?(?:[eE][+-]?\d+)?)(?![\w.])|(?<word>[A-Za-z_]\w*)/suy;

function tokensOf(text: string): Token[] {
  const tokens: Token[] = [];
  const pattern = new RegExp(tokenPattern);
  while (pattern.lastIndex < text.length) {
    const at = pattern.lastIndex;
    const groups = pattern.exec(text)?.groups;
    if (groups === undefined) throw notLiteral(text, `character ${at + 1} begins no value`);
    for (const kind of ['mark', 'text', 'number', 'word'] as const) {
      if (groups[kind] !== undefined) tokens.push({ kind, text: groups[kind], at });
    }
  }
  return tokens;
}

const words = new Map<string, unknown>([
  ['None', null],
  ['null', null],
  ['True', true],
  ['true', true],
  ['False', false],
  ['false', false],
]);
const closing: Readonly<Record<string, string>> = { '[': ']', '(': ')', '{': '}' };

function readValue(cursor: Cursor, depth: number): unknown {
  const token = cursor.tokens[cursor.at++];
  if (token === undefined) throw notLiteral(cursor.text, 'it ends too early');
  if (token.kind === 'number') return Number(token.text);
  if (token.kind === 'text') return token.text.slice(1, -1).replace(/\\(.)/gsu, '$1');
  if (token.kind === 'word' && words.has(token.text)) return words.get(token.text);
  const close = closing[token.text];
  if (token.kind !== 'mark' || close === undefined || depth === mostNesting) {
    throw notLiteral(cursor.text, `character ${token.at + 1} begins no value`);
  }
  return close === '}' ? readDictionary(cursor, depth) : readItems(cursor, close, depth);
}

function readItems(cursor: Cursor, close: string, depth: number): unknown {
  const items: unknown[] = [];
  let commas = 0;
  while (cursor.tokens[cursor.at]?.text !== close) {
    items.push(readValue(cursor, depth + 1));
    if (cursor.tokens[cursor.at]?.text === ',') {
      cursor.at++;
      commas++;
    }
  }
  cursor.at++;
  // In Python `(5)` is the number 5 and `(5,)` a tuple.
  return close === ')' && items.length === 1 && commas === 0 ? items[0] : items;
}

function readDictionary(cursor: Cursor, depth: number): Map<unknown, unknown> {
  const entries = new Map<unknown, unknown>();
  while (cursor.tokens[cursor.at]?.text !== '}') {
    const key = readValue(cursor, depth + 1);
    const colon = cursor.tokens[cursor.at++];
    if (colon?.text !== ':') throw notLiteral(cursor.text, 'an entry of a dictionary has no ":"');
    if (entries.has(key)) throw notLiteral(cursor.text, `key ${quoteText(String(key))} stands twice`);
    entries.set(key, readValue(cursor, depth + 1));
    if (cursor.tokens[cursor.at]?.text === ',') cursor.at++;
  }
  cursor.at++;
  return entries;
}

function notLiteral(text: string, reason: string): DomainError {
  return new DomainError(
    'invalid-request',
    `${quoteText(text)} is not a value: ${reason}; allowed: numbers, quoted texts, lists, tuples and dictionaries as ` +
      'Python or JSON writes them',
  );
}
