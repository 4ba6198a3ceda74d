import { PassThrough } from 'node:stream';
import { stripVTControlCharacters } from 'node:util';
import { describe, expect, test } from 'vitest';
import { screen } from '#cli/start/screen.ts';

const job = (name: string) => ({ name, parts: [{ kind: 'import', units: 10 }] });

function shown(isTTY: boolean) {
  const stream = Object.assign(new PassThrough(), { isTTY });
  let clock = 0;
  const output = screen({ stream, everyS: 3600, now: () => clock });
  const text = (): string => stream.read()?.toString() ?? '';
  return { output, text, pass: (ms: number) => (clock += ms) };
}

describe('without a terminal', () => {
  test('lines only, no control characters', () => {
    const { output, text } = shown(false);
    const progress = output.progress([job('a'), job('b')]);
    progress.begin('a');
    progress.report('a', 0.5, 'fit');
    output.say('hello');
    progress.stop();
    expect(text()).toBe('a 50 % fit, b 0 % waits; time left unknown\nhello\n');
  });

  test('parts of a job count by their units', () => {
    const { output, text } = shown(false);
    const parts = [10, 30].map((units, i) => ({ kind: `part ${i}`, units }));
    const progress = output.progress([{ name: 'training', parts }]);
    progress.report('training', 0.5, 'evaluate', 1);
    progress.stop();
    // 10 of 40, and half of 30.
    expect(text()).toBe('training 62 % evaluate; time left unknown\n');
  });
});

describe('on a terminal', () => {
  test('one bar with time left, and lines that do not run into it', () => {
    const { output, text, pass } = shown(true);
    const progress = output.progress([job('a')]);
    progress.begin('a');
    // A quarter was done before.
    progress.report('a', 0.25, 'fit');
    pass(5_000);
    progress.report('a', 0.5, 'fit');
    output.say('hello');
    progress.report('a', 0.75, 'fit');
    progress.stop();
    output.say('done');
    const toLineStart = '\u001b[1G';
    const lines = text()
      .replaceAll(toLineStart, '\n')
      .split('\n')
      .map((line) => stripVTControlCharacters(line).trim());
    expect(lines.join('\n')).toContain('50 % | 10 s left | a 50 % fit');
    for (const said of ['hello', 'done']) {
      expect(lines.filter((line) => line.endsWith(said))).toHaveLength(1);
    }
    expect(lines.filter((line) => line.includes('left') && line.includes('hello'))).toEqual([]);
  });
});
