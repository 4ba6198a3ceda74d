import { expect, test } from 'vitest';
import { parseReportOptions } from '#cli/report/options.ts';
import { DomainError } from '#core/errors.ts';

const refusal = (...args: string[]): string => {
  try {
    parseReportOptions(args);
  } catch (error) {
    if (error instanceof DomainError) return `${error.code} ${error.message.split('\n')[0]}`;
    throw error;
  }
  throw new Error('nothing was refused');
};

test('defaults are those of the published evaluation', () => {
  expect(parseReportOptions(['--search-space', 'fbnet', '--out', 'a.html'])).toEqual({
    'search-space': 'fbnet',
    out: 'a.html',
    seed: 0,
    steps: 800,
    repeats: 10,
  });
});

test('what is given is read', () => {
  const given = ['--from', 'a.json', '--champion', 'b.json', '--out', 'c.html', '--test', 'x, y', '--seed', '3'];
  expect(parseReportOptions(given)).toMatchObject({ from: 'a.json', champion: 'b.json', test: ['x', 'y'], seed: 3 });
});

test('what does not fit is refused by name', () => {
  expect(refusal('--out', 'a.html')).toBe('invalid-usage --search-space: give either --search-space or --from');
  expect(refusal('--out', 'a.html', '--from', 'a.json', '--search-space', 'ofa')).toContain('either');
  expect(refusal('--search-space', 'ofa')).toContain('--out');
  expect(refusal('--search-space', 'darts', '--out', 'a.html')).toContain('--search-space');
  expect(refusal('--search-space', 'ofa', '--out', 'a.html', '--steps', '0')).toContain('--steps');
  expect(refusal('--search-space', 'ofa', '--out', 'a.html', '--colour', 'red')).toContain('--colour');
});
