// Lines up to the formatter's width also where the formatter does not look: comments, strings and Markdown (tables and
// code in it aside). As a command it lists what is longer; with --fix it wraps comments and paragraphs first.
import { globSync, readFileSync, writeFileSync } from 'node:fs';

/** Characters; biome.json has the same. */
export const lineWidth = 120;

/** What a person writes: sources and documents, but no fixtures. */
export function writtenFiles(root: string): string[] {
  const sources =
    '{agent,cli,client,command-line,contract,core,examples,functions,infra,layers,report,scripts,stack,test}';
  return ['*.md', '{docs,data}/**/*.md', `${sources}/**/*.{ts,mjs}`, 'test/**/*.md']
    .flatMap((pattern) => globSync(pattern, { cwd: root }))
    .map((file) => file.replaceAll('\\', '/'))
    .filter((file) => !file.startsWith('test/fixtures/lambda/'));
}

/** A line that cannot be broken: an import, or one long word such as an address or a pattern. */
const isWhole = (line: string): boolean =>
  /^(?:import|export) .* from '/.test(line) ||
  line
    .trim()
    .split(' ')
    .some((word) => word.length > 90);

/** Numbers of the lines (from 1) of a file that are too long. */
export function tooLong(file: string, text: string): number[] {
  let isCode = false;
  return text.split('\n').flatMap((line, at) => {
    if (/^\s*```/.test(line)) isCode = !isCode;
    const isExempt = file.endsWith('.md') ? isCode || line.startsWith('|') : false;
    return line.length > lineWidth && !isExempt && !isWhole(line) ? [at + 1] : [];
  });
}

/** The text with its comments, or its paragraphs, wrapped where a line is too long; strings are left to a person. */
export function wrapped(file: string, text: string): string {
  const lines = text.split('\n');
  const out: string[] = [];
  let isCode = false;
  while (lines.length > 0) {
    const line = lines.shift()!;
    if (/^\s*```/.test(line)) isCode = !isCode;
    const start = file.endsWith('.md') ? paragraphStart(line, isCode) : commentStart(line);
    if (line.length <= lineWidth || start === undefined) {
      out.push(line);
      continue;
    }
    const { first, next } = start;
    // The rest of a block goes into the lines after it, as far as they belong to the same paragraph.
    let words = line.slice(first.length);
    while (!words.endsWith('*/') && lines[0] !== undefined && continues(lines[0], next)) {
      words += ` ${lines.shift()!.slice(next.length)}`;
    }
    let current = first;
    let isFresh = true;
    // The end of a comment stays with its last word.
    for (const word of words.split(/ (?!\*\/$)/)) {
      if (!isFresh && current.length + 1 + word.length > lineWidth) {
        out.push(current);
        current = next + word;
      } else current += isFresh ? word : ` ${word}`;
      isFresh = false;
    }
    out.push(current);
  }
  return out.join('\n');
}

interface Start {
  /** What stands before the words of the line, and of those that follow. */
  readonly first: string;
  readonly next: string;
}

function commentStart(line: string): Start | undefined {
  const [first, indent, mark] = /^(\s*)(\/\/ |\/\*\* |\* )/.exec(line) ?? [];
  if (first === undefined) return undefined;
  return { first, next: mark === '/** ' ? `${indent} * ` : first };
}

function paragraphStart(line: string, isCode: boolean): Start | undefined {
  if (isCode || /^(?:\||#|\s*```)/.test(line)) return undefined;
  const first = /^\s*(?:[-*] |\d+\. )?/.exec(line)![0];
  return { first, next: ' '.repeat(first.length) };
}

/** Whether a line goes on with the paragraph whose following lines start with `next`. */
function continues(line: string, next: string): boolean {
  const words = line.slice(next.length);
  return line.startsWith(next) && /^\S/.test(words) && !/^(?:[-*+] |\d+\. |[@#>|<]|```|\*\/)/.test(words);
}

if (import.meta.main) {
  const root = new URL('..', import.meta.url).pathname;
  const only = process.argv.slice(2).filter((each) => each !== '--fix');
  let long = 0;
  for (const file of writtenFiles(root)) {
    if (only.length > 0 && !only.some((prefix) => file.startsWith(prefix))) continue;
    const path = `${root}${file}`;
    const text = readFileSync(path, 'utf8');
    const better = process.argv.includes('--fix') ? wrapped(file, text) : text;
    if (better !== text) writeFileSync(path, better);
    for (const line of tooLong(file, better)) {
      console.log(`${file}:${line}: ${better.split('\n')[line - 1]!.trim().slice(0, 100)}`);
      long++;
    }
  }
  process.exitCode = long > 0 ? 1 : 0;
}
