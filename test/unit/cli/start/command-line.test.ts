import { execFileSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { startCommand } from '#cli/commands/start.ts';
import { curlLine } from '#cli/start/first-request.ts';
import { parseOptions } from '#command-line/parse-options.ts';

const read = (args: readonly string[]) => parseOptions(args, startCommand).values;

describe('options', () => {
  test('have defaults', () => {
    expect(read([])).toEqual({
      state: '.sugarbush',
      host: '127.0.0.1',
      port: 8787,
      searchSpace: ['nasbench201', 'fbnet', 'ofa'],
      train: false,
      steps: undefined,
    });
  });
  test('are read', () => {
    const args = ['--state', 'x', '--host', '0.0.0.0', '--port=0', '--search-space', 'ofa, fbnet,ofa', '--train'];
    expect(read([...args, '--steps', '10'])).toEqual({
      state: 'x',
      host: '0.0.0.0',
      port: 0,
      searchSpace: ['ofa', 'fbnet'],
      train: true,
      steps: 10,
    });
  });
  test.each([
    [['--prot', '1'], /--prot/],
    [['--port', '65536'], /^--port '65536': /],
    [['--port', 'http'], /^--port 'http': /],
    [['--steps', '0'], /^--steps '0': /],
    [['--search-space', 'darts'], /^--search-space 'darts': .*nasbench201/],
    [['--state', ''], /^--state '': /],
    [['now'], /now/],
  ])('%j is refused', (args, message) => {
    expect(() => read(args)).toThrow(message);
  });
});

test('a shell takes the curl line apart into what was meant', () => {
  const request = {
    searchSpace: 'nasbench201',
    target: '1080ti_1',
    architectures: ['|none~0|+|none~0|none~1|+|none~0|none~1|none~2|'],
    budgetMs: 10,
  } as const;
  const line = curlLine('http://127.0.0.1:1', 'sb_0_x-y', request);
  const script = `curl() { printf '%s\\n' "$@"; }\n${line}`;
  const words = execFileSync('sh', ['-c', script], { encoding: 'utf8' }).trimEnd().split('\n');
  expect(words.slice(0, -1)).toEqual([
    '-s',
    'http://127.0.0.1:1/v1/predictions',
    '-H',
    'authorization: Bearer sb_0_x-y',
    '-H',
    'content-type: application/json',
    '-d',
  ]);
  expect(JSON.parse(words.at(-1)!)).toEqual(request);
});
