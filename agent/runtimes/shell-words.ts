// A command line in one text → its words, quoted as a POSIX shell does it: XCU 2.2, Quoting. Only quoting: no shell
// reads the text, so nothing is expanded, and what only a shell could do is refused instead of being passed on.
import { DomainError } from '#core/errors.ts';

const space = /^[ \t\r\n]+/;
const plain = /^[^\s'"\\|&;<>()`]+/;
const single = /^'([^']*)'/;
const double = /^"((?:[^"\\]|\\[\s\S])*)"/;
const escaped = /^\\([\s\S])/;

/** Words of a command: separated by white space outside quotes; `'…'` is taken as it is, `"…"` with `\"`, `\\`, `\$`
 * and a backslash before a backquote, and `\` before any other character outside quotes means that character.
 * @throws DomainError `invalid-usage` for a quote without its end, and for pipes, redirections and the like */
export function shellWords(text: string): string[] {
  const words: string[] = [];
  let word: string | undefined;
  for (let rest = text; rest !== ''; ) {
    const [length, piece] = nextPiece(rest, text);
    rest = rest.slice(length);
    if (piece === 'nothing') continue;
    if (piece !== 'gap') word = (word ?? '') + piece.text;
    else {
      if (word !== undefined) words.push(word);
      word = undefined;
    }
  }
  return word === undefined ? words : [...words, word];
}

type Piece = { readonly text: string } | 'gap' | 'nothing';

/** Length of the next piece and what it stands for. */
function nextPiece(rest: string, text: string): readonly [number, Piece] {
  const gap = space.exec(rest);
  if (gap !== null) return [gap[0].length, 'gap'];
  const taken = plain.exec(rest) ?? single.exec(rest) ?? double.exec(rest) ?? escaped.exec(rest);
  if (taken === null) throw refusal(rest, text);
  const [whole, inside] = taken;
  // A backslash at the end of a line joins it with the next.
  if (whole === '\\\n') return [whole.length, 'nothing'];
  const bare = whole.startsWith('"') ? inside!.replace(/\\(?:\n|(["\\$`]))/g, '$1') : (inside ?? whole);
  return [whole.length, { text: bare }];
}

function refusal(rest: string, text: string): DomainError {
  const at = text.length - rest.length + 1;
  const where = `--command ${text}: character ${at}`;
  if (rest[0] === "'" || rest[0] === '"') {
    return new DomainError('invalid-usage', `${where}: the quote ${rest[0]} has no end`);
  }
  if (rest[0] === '\\') return new DomainError('invalid-usage', `${where}: a backslash with nothing behind it`);
  const way = 'put it into quotes where it belongs to a word, or the whole line into a script of yours';
  return new DomainError('invalid-usage', `${where}: no shell reads this, so '${rest[0]}' does nothing; ${way}`);
}
