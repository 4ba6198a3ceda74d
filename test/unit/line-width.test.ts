// Comments, Markdown and strings keep to the formatter's width; strings that cannot are listed, with the reason.
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

const title = 'the formatter keeps the title of a test on the line of its call';
const pattern = 'a pattern in parts can no longer be read';

/** Strings that stay longer: how many lines of a file, and why. The total is to shrink, not to grow. */
const exceptions: Readonly<Record<string, readonly [lines: number, reason: string]>> = {
  'report/style.ts': [17, 'a rule of the style sheet a line; a break in it would be in every report'],
  'test/e2e/agent.test.ts': [1, title],
  'test/e2e/start.test.ts': [1, title],
  'test/e2e/training-stop.test.ts': [2, `${title}; ${pattern}`],
  'test/e2e/training.test.ts': [2, title],
  'test/infra/training.test.ts': [1, title],
  'test/integration/agent/profile.test.ts': [1, title],
  'test/unit/core/dataset/table.test.ts': [1, title],
  'test/unit/core/graph/infer-tensors.test.ts': [1, 'a line of the table that the test reads is a case'],
  'test/unit/core/intake/poison.test.ts': [1, title],
  'test/unit/core/search-space/network/published-networks.test.ts': [1, title],
  'test/unit/core/training/run.test.ts': [2, title],
  'test/unit/docstrings.test.ts': [1, pattern],
  'test/unit/functions/openapi.test.ts': [1, title],
  'test/unit/surroundings.ts': [1, pattern],
};

test('strings are broken too, all but the exceptions', () => {
  // Comments and paragraphs are the matter of the test above.
  const long = files.flatMap(({ file, text }) => tooLong(file, wrapped(file, text)).map((line) => `${file}:${line}`));
  const byFile = Map.groupBy(long, (line) => line.slice(0, line.lastIndexOf(':')));
  expect([...byFile].filter(([file, lines]) => lines.length > (exceptions[file]?.[0] ?? 0))).toEqual([]);
  const stale = Object.entries(exceptions).filter(([file, [lines]]) => (byFile.get(file)?.length ?? 0) < lines);
  expect(stale).toEqual([]);
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
