import { tmpdir } from 'node:os';
import { expect, test } from 'vitest';
import { reportCommand } from '#cli/commands/report.ts';
import { parseOptions } from '#command-line/parse-options.ts';
import { runCommand } from '#command-line/program.ts';
import { DomainError } from '#core/errors.ts';

const terminal = { out() {}, say() {}, isTerminal: false, env: {}, signal: new AbortController().signal };
const refusal = async (...args: string[]): Promise<string> => {
  try {
    await runCommand('sugarbush report', reportCommand, args, terminal);
  } catch (error) {
    if (error instanceof DomainError) return `${error.code} ${error.message.split('\n')[0]}`;
    throw error;
  }
  throw new Error('nothing was refused');
};

test('defaults are those of the published evaluation', () => {
  expect(parseOptions(['--search-space', 'fbnet', '--out', 'a.html'], reportCommand).values).toEqual({
    searchSpace: 'fbnet',
    out: 'a.html',
    seed: 0,
    steps: 800,
    repeats: 10,
  });
});

test('what is given is read', () => {
  const given = ['--from', 'a.json', '--champion', 'b.json', '--out', 'c.html', '--test', 'x, y', '--seed', '3'];
  expect(parseOptions(given, reportCommand).values).toMatchObject({
    from: 'a.json',
    champion: 'b.json',
    test: ['x', 'y'],
    seed: 3,
  });
});

test('what does not fit is refused by name', async () => {
  expect(await refusal('--out', 'a.html')).toBe('invalid-usage give either --search-space or --from');
  expect(await refusal('--out', 'a.html', '--from', 'a.json', '--search-space', 'ofa')).toContain('either');
  expect(await refusal('--search-space', 'ofa')).toContain('--out');
  expect(await refusal('--search-space', 'darts', '--out', 'a.html')).toContain('--search-space');
  expect(await refusal('--search-space', 'ofa', '--out', 'a.html', '--steps', '0')).toContain('--steps');
  expect(await refusal('--search-space', 'ofa', '--out', 'a.html', '--colour', 'red')).toContain('--colour');
});

test('a report that cannot be written is refused before anything is trained', async () => {
  const refused = 'invalid-usage cannot write ';
  expect(await refusal('--search-space', 'ofa', '--out', '/no-such-folder/a.html')).toContain(refused);
  expect(await refusal('--search-space', 'ofa', '--out', 'a.html', '--save', tmpdir())).toBe(
    `${refused}${tmpdir()}: there is a folder in its place`,
  );
});
