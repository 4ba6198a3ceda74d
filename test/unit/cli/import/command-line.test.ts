import { describe, expect, it } from 'vitest';
import { importCommand, stateFile } from '#cli/commands/import.ts';
import { countedProgress } from '#cli/import/counted-progress.ts';
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
  const lines = (words: readonly [string, string], atOnce: number, reports: readonly [atS: number, done: number][]) => {
    let text = '';
    let nowMs = 0;
    const write = (part: string) => (text += part);
    const progress = countedProgress({ isTTY: false, write }, () => nowMs, { words, atOnce }, 0);
    for (const [atS, done] of reports) {
      nowMs = 1000 * atS;
      progress.update(done, 20);
    }
    return text.split('\n').slice(0, -1);
  };

  it('says how far and how long', () => {
    expect(
      lines(['import', 'targets'], 0, [
        [0, 0],
        [10, 5],
        [30.4, 20],
      ]),
    ).toEqual([
      'import [------------------------] 0 of 20 targets, time left unknown',
      'import [######------------------] 5 of 20 targets, 30 s left',
      'import [########################] 20 of 20 targets, 30 s',
    ]);
    expect(
      lines(['compare', '%'], 0, [
        [0, 10],
        [8, 15],
      ])[1],
    ).toBe(
      // What was done before says nothing of the pace.
      'compare [##################------] 15 of 20 %, 8 s left',
    );
  });

  it('knows no time left before more have ended than are under way at once', () => {
    // Two at once: the first two end together, and so do the next ones; the pace is that of the later half.
    const said = lines(['import', 'targets'], 2, [
      [0, 0],
      [4, 1],
      [4, 2],
      [8, 3],
      [8, 4],
      [12, 5],
      [12, 6],
    ]);
    expect(said.map((line) => line.split(', ')[1])).toEqual([
      ...Array.from({ length: 5 }, () => 'time left unknown'),
      // From the second one on three took 8 s.
      '40 s left',
      // From the third one on three took 4 s.
      '19 s left',
    ]);
  });

  it('rewrites its line on a terminal and writes one every five seconds elsewhere', () => {
    const write = (isTTY: boolean) => {
      let text = '';
      let nowMs = 0;
      const stream = { isTTY, write: (part: string) => (text += part) };
      const progress = countedProgress(stream, () => nowMs, { words: ['import', 'targets'] });
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
