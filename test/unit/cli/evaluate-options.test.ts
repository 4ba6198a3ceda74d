import { describe, expect, test } from 'vitest';
import { evaluateCommand, evaluateOptions, graphEvaluation } from '#cli/commands/evaluate.ts';
import { meansOf, toJson } from '#cli/evaluate/print-runs.ts';
import { parseOptions as parse } from '#command-line/parse-options.ts';

const parseOptions = (args: readonly string[]) => evaluateOptions(parse(args, evaluateCommand).values);

describe('options of evaluate', () => {
  test('defaults are the published split', () => {
    const options = parseOptions(['--search-space', 'nasbench201']);
    expect(options.files).toEqual(['data/latency-nasbench201.csv.gz']);
    expect(options.trainRows).toEqual({ first: 0, last: 899 });
    expect(options.testRows).toEqual({ first: 900, last: 1899 });
    expect(options.measurements).toEqual([3, 10, 20]);
    expect(options.selections).toEqual(['random', 'chosen']);
    expect(options.train).not.toContain('titanx_1');
  });

  test('several files, lists and ranges', () => {
    const options = parseOptions(
      '--search-space fbnet --data a.csv.gz --data b.csv.gz --train x,y --test z --train-rows 5-9 --seed 0,1,2'.split(
        ' ',
      ),
    );
    expect(options.files).toEqual(['a.csv.gz', 'b.csv.gz']);
    expect(options.train).toEqual(['x', 'y']);
    expect(options.trainRows).toEqual({ first: 5, last: 9 });
    expect(options.seeds).toEqual([0, 1, 2]);
  });

  test.each([
    [[], '--search-space'],
    [['--search-space', 'darts'], '--search-space'],
    [['--search-space', 'ofa', '--train-rows', '9-5'], '--train-rows'],
    [['--search-space', 'ofa', '--train-rows', 'first'], '--train-rows'],
    [['--search-space', 'ofa', '--measurements', '10,x'], '--measurements'],
    [['--search-space', 'ofa', '--repeats', '0'], '--repeats'],
    [['--search-space', 'ofa', '--selection', 'best'], '--selection'],
    [['--search-space', 'ofa', '--test', 'a,b,a'], '--test'],
    [['--search-space', 'ofa', '--test', ' , '], '--test'],
    [['--search-space', 'ofa', '--colour'], '--colour'],
  ])('%j is refused, naming %s', (args, option) => {
    expect(() => parseOptions(args)).toThrow(option);
  });
});

describe('options of evaluate with graphs', () => {
  const parseGraphs = (args: string) => graphEvaluation(parse(args.split(' '), evaluateCommand).values);

  test('families and sets', () => {
    const all =
      '--graphs a.jsonl --graphs b.jsonl --data l.csv --test x --hold-families --exclude-families vgg,alexnet --measured-in fbnet --tested-on a';
    expect(parseGraphs(all)).toMatchObject({
      graphs: ['a.jsonl', 'b.jsonl'],
      data: ['l.csv'],
      train: undefined,
      test: ['x'],
      holdFamilies: true,
      excludeFamilies: ['vgg', 'alexnet'],
      measuredIn: 'fbnet',
      testedOn: 'a',
    });
    expect(parseGraphs('--graphs a.jsonl --test x')).toMatchObject({ holdFamilies: false, excludeFamilies: [] });
  });

  test('devices in folds: all columns, those that match, or those named', () => {
    const { test: all } = parseGraphs('--graphs a.jsonl --folds 5');
    expect(all).toBeInstanceOf(RegExp);
    expect((all as RegExp).test('any')).toBe(true);
    const { test: matching } = parseGraphs('--graphs a.jsonl --folds 5 --test-matching g-1$');
    expect(['pi-r3-t4-g-1', 'pi-r3-t4-g0'].filter((name) => (matching as RegExp).test(name))).toEqual(['pi-r3-t4-g-1']);
    expect(parseGraphs('--graphs a.jsonl --folds 5 --test x,y')).toMatchObject({ test: ['x', 'y'] });
  });

  test.each([
    ['--graphs a.jsonl --folds 1', '--folds'],
    ['--graphs a.jsonl --folds 5 --train x', '--train'],
    ['--graphs a.jsonl --folds 5 --test x --test-matching y', '--test-matching'],
    ['--graphs a.jsonl --test-matching y', '--folds'],
    ['--graphs a.jsonl --folds 5 --test-matching (', '--test-matching'],
    ['--graphs a.jsonl', '--test'],
    ['--graphs a.jsonl --test x --search-space ofa', '--search-space'],
    ['--graphs a.jsonl --test x --train-rows 0-9', '--train-rows'],
    ['--graphs a.jsonl --test x --baseline ridge', '--baseline'],
  ])('%s is refused, naming %s', (args, option) => {
    expect(() => parseGraphs(args)).toThrow(option);
  });

  test.each([
    '--folds 5',
    '--test-matching x',
    '--hold-families',
    '--measured-in ofa',
    '--tested-on ofa',
    '--exclude-families vgg',
  ])('%s is refused without graphs', (option) => {
    expect(() => parseOptions(`--search-space ofa ${option}`.split(' '))).toThrow('--graphs');
  });
});

test('the JSON keeps a baseline apart and averages over targets', () => {
  const row = {
    measurements: 10,
    selection: 'random',
    repeats: 2,
    spearmanTrimmed: 1,
    spearman: 1,
    within5: 0,
  } as const;
  const rest = { within10: 0, medianApe: 0.1, coverage90: 1 };
  const results = [
    { method: 'sugarbush', target: 'a', ...row, ...rest },
    { method: 'sugarbush', target: 'b', ...row, ...rest, medianApe: 0.3 },
    { method: 'ridge', target: 'a', ...row, ...rest, medianApe: 0.5 },
  ] as const;
  const json = toJson([{ searchSpace: 's', seed: 0, trainSeconds: 1, results }]) as Record<string, unknown[]>;
  expect(Object.keys(json)).toEqual(['searchSpace', 'seed', 'trainSeconds', 'results', 'mean', 'baselines']);
  expect(json['results']).toHaveLength(2);
  expect(json['mean']).toEqual([{ ...row, ...rest, medianApe: 0.2 }]);
  expect(meansOf(results)).toHaveLength(2);
});

test('the JSON of several seeds is one object too', () => {
  const run = { searchSpace: 's', seed: 3, trainSeconds: 1, results: [] };
  const json = toJson([run, { ...run, seed: 5 }]);
  expect(json).toMatchObject({ searchSpace: 's', seeds: [3, 5], runs: [{ seed: 3 }, { seed: 5 }] });
});
