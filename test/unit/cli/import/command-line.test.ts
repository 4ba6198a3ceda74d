import { describe, expect, it } from 'vitest';
import { importCommand, stateFile } from '#cli/commands/import.ts';
import { importProgress, progressLine } from '#cli/import/progress.ts';
import { parseOptions } from '#command-line/parse-options.ts';

const good = [
  '--search-space',
  'ofa',
  '--data',
  'a/latency-ofa.csv.gz',
  '--api',
  'http://127.0.0.1:1/',
  '--token',
  'sb_a',
];

const read = (args: readonly string[], env: Record<string, string> = {}) => {
  const { values } = parseOptions(args, importCommand, env);
  return { ...values, state: stateFile(values) };
};

describe('options of an import', () => {
  it('are read, with the state beside the others', () => {
    expect(read(good)).toEqual({
      searchSpace: 'ofa',
      data: 'a/latency-ofa.csv.gz',
      api: 'http://127.0.0.1:1',
      token: 'sb_a',
      targets: undefined,
      atOnce: 4,
      json: false,
      dryRun: false,
      replaces: false,
      factorIsMeant: false,
      state: '.sugarbush/import/latency-ofa.json',
    });
    expect(read(good.slice(0, -2), { SUGARBUSH_TOKEN: 'sb_b' }).token).toBe('sb_b');
    expect(read([...good, '--targets', 'a, b']).targets).toEqual(['a', 'b']);
  });

  it.each([
    [['--search-space', 'darts'], /--search-space 'darts': /],
    [['--api', 'example.org'], /--api 'example.org': /],
    [['--api', 'ftp://example.org'], /--api 'ftp:/],
    [['--token', 'abc'], /^--token: must look like sb_…$/],
    [['--at-once', '0'], /--at-once '0': /],
    [['--unit', 'min'], /--unit 'min': /],
    [['--batch-size', '0'], /--batch-size '0': /],
    [['--frobnicate'], /frobnicate/],
  ])('are refused: %j', (more, message) => {
    expect(() => read([...good, ...more])).toThrow(message);
  });
});

describe('progress of an import', () => {
  it('says how far and how long', () => {
    expect(progressLine(0, 21, 3)).toBe('import [------------------------] 0 of 21 targets, estimating');
    expect(progressLine(7, 21, 10)).toBe('import [########----------------] 7 of 21 targets, 20 s left');
    expect(progressLine(21, 21, 30.4)).toBe('import [########################] 21 of 21 targets, 30 s');
    expect(progressLine(50, 100, 8, ['compare', '%'])).toBe('compare [############------------] 50 of 100 %, 8 s left');
  });

  it('rewrites its line on a terminal and writes one every five seconds elsewhere', () => {
    const write = (isTTY: boolean) => {
      let text = '';
      let nowMs = 0;
      const progress = importProgress({ isTTY, write: (part) => (text += part) }, () => nowMs);
      for (let done = 0; done <= 4; done++, nowMs += 3000) progress.update(done, 4);
      progress.stop();
      return text;
    };
    expect(write(true).match(/\r/g)).toHaveLength(5);
    expect(write(true).endsWith('12 s\n')).toBe(true);
    expect(
      write(false)
        .split('\n')
        .slice(0, -1)
        .map((line) => line.match(/(\d) of/)![1]),
    ).toEqual(['0', '2', '4']);
  });
});
