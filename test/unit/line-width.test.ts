// Comments and Markdown keep to the formatter's width; strings that do not are counted, and only get fewer.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { lineWidth, tooLong, wrapped, writtenFiles } from '#scripts/line-width.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const files = writtenFiles(root).map((file) => ({ file, text: readFileSync(`${root}${file}`, 'utf8') }));

test('the width is the formatter’s', () => {
  expect(JSON.parse(readFileSync(`${root}biome.json`, 'utf8')).formatter.lineWidth).toBe(lineWidth);
});

test('comments and paragraphs are wrapped; if not: node scripts/line-width.ts --fix', () => {
  expect(files.filter(({ file, text }) => wrapped(file, text) !== text).map(({ file }) => file)).toEqual([]);
});

/** Messages and test data that were there when this was written. */
const mostLongStrings = 137;

test('strings are broken too', () => {
  const long = files.flatMap(({ file, text }) => tooLong(file, text).map((line) => `${file}:${line}`));
  expect(long.slice(mostLongStrings)).toEqual([]);
});

test('a comment is wrapped with its mark, into the lines after it', () => {
  const word = 'word '.repeat(25).trim();
  const text = `  /** ${word} end\n   * goes on\n   * @throws nothing */\n// ${word}\nconst a = '${word}';\n`;
  expect(wrapped('a.ts', text)).toBe(
    `  /** ${'word '.repeat(23).trim()}\n   * word word end goes on\n   * @throws nothing */\n` +
      `// ${'word '.repeat(23).trim()}\n// word word\nconst a = '${word}';\n`,
  );
  expect(tooLong('a.ts', wrapped('a.ts', text))).toEqual([6]);
});

test('a paragraph is wrapped with its indent; code, tables and long words are left', () => {
  const word = 'word '.repeat(25).trim();
  const text = `- ${word}\n  more\n\n| ${word} |\n\n\`\`\`\n${word}\n\`\`\`\n${'x'.repeat(130)}\n`;
  expect(wrapped('a.md', text)).toBe(text.replace(`${word}\n  more`, `${'word '.repeat(23).trim()}\n  word word more`));
  expect(tooLong('a.md', wrapped('a.md', text))).toEqual([]);
});
