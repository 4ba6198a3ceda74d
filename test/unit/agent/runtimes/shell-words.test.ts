// Words of --command, against what a real shell makes of the same text.
import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { commandWords } from '#agent/commands/measuring-options.ts';
import { createRuntime } from '#agent/runtimes/registry.ts';
import { shellWords } from '#agent/runtimes/shell-words.ts';
import { defineCommand, flag } from '#command-line/command.ts';
import { parseOptions } from '#command-line/parse-options.ts';

describe('words', () => {
  test.each([
    ['./measure.sh --fast', ['./measure.sh', '--fast']],
    ["'my measure.sh'  --name='a b'", ['my measure.sh', '--name=a b']],
    ['"my measure.sh" "say \\"hi\\"" "\\n"', ['my measure.sh', 'say "hi"', '\\n']],
    ['my\\ measure.sh ""', ['my measure.sh', '']],
    ['a\'b\'"c"d', ['abcd']],
    [' \t\n', []],
    ['python3 m.py \\\n  --fast', ['python3', 'm.py', '--fast']],
  ])('%j', (text, words) => expect(shellWords(text)).toEqual(words));

  test('are those of sh, wherever neither of the two expands anything', () => {
    const piece = fc.constantFrom(
      'a',
      'B7',
      ' ',
      '  ',
      "'",
      '"',
      '\\',
      '/',
      '.',
      '=',
      '-',
      "'x y'",
      '"x y"',
      '\\"',
      "\\'",
    );
    const text = fc.array(piece, { maxLength: 12 }).map((pieces) => pieces.join(''));
    fc.assert(
      fc.property(text, (line) => {
        let ours: string[];
        try {
          ours = shellWords(line);
        } catch {
          return;
        }
        const printed = execFileSync('sh', ['-c', `for word in ${line}\ndo printf '%s\\n' "$word"; done`], {
          encoding: 'utf8',
        });
        expect(printed).toBe(ours.map((word) => `${word}\n`).join(''));
      }),
      { numRuns: 60 },
    );
  });

  test.each([
    ["./a 'b", /character 5: the quote ' has no end/],
    ['./a "b', /character 5: the quote " has no end/],
    ['./a \\', /character 5: a backslash with nothing behind it/],
    ['./a | tee log', /character 5: no shell reads this, so '\|' does nothing; put it into quotes/],
    ['./a > log', /'>' does nothing/],
    ['A=`b`', /'`' does nothing/],
  ])('%s is refused', (text, message) => {
    expect(() => shellWords(text)).toThrow(expect.objectContaining({ code: 'invalid-usage' }));
    expect(() => shellWords(text)).toThrow(message);
  });
});

describe('words behind --', () => {
  const command = defineCommand({
    options: { fast: flag('x') },
    rest: commandWords,
    run: async () => 0,
  });

  test('are taken as they are, repetitions and options too', () => {
    expect(parseOptions(['--fast', '--', './m', '-x', 'a b', '-x', '--fast', '--'], command)).toEqual({
      values: { fast: true },
      operands: ['./m', '-x', 'a b', '-x', '--fast', '--'],
    });
    expect(parseOptions([], command).operands).toEqual([]);
    expect(() => parseOptions(['./m'], command)).toThrow("'./m' belongs to no option");
  });

  test('are the program and its arguments', async () => {
    const detection = await createRuntime({ name: 'command', command: ['sh', '-c', 'true'] }).detect();
    expect(detection).toMatchObject({ found: true });
    expect(() => createRuntime({ name: 'command', command: [] })).toThrow(/--command is empty/);
    expect(() => createRuntime({ name: 'command', command: ' ' })).toThrow(/--command is empty/);
  });
});
