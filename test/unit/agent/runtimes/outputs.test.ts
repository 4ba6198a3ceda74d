import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { nearestBenchmarkLine, parseBenchmarkModel } from '#agent/runtimes/benchmark-model-output.ts';
import { commandOutputProblem, parseCommandOutput } from '#agent/runtimes/command-output.ts';
import { fromMedians, fromSamples } from '#agent/runtimes/runtime.ts';
import { parseTrtexecLog, parseTrtexecTimes, trtexecTimesProblem } from '#agent/runtimes/trtexec-output.ts';
import { readResult } from '#agent/worker/run-job.ts';

const read = (name: string): string =>
  readFileSync(new URL(`../../../fixtures/runtimes/${name}`, import.meta.url), 'utf8');

describe('benchmark_model', () => {
  test('the timed runs are taken, not the warm-up', () => {
    expect(parseBenchmarkModel(read('benchmark_model-percentiles.txt'))).toEqual({
      averageUs: 42394.8,
      medianUs: 42419,
      runs: 24,
    });
  });

  test('an older version prints an average only, in exponent form', () => {
    expect(parseBenchmarkModel(read('benchmark_model-old.txt'))).toEqual({ averageUs: 2.95034e6, runs: 50 });
  });

  test.each([
    ['before 2020', '2019', { averageUs: 24735.2, runs: 41 }],
    ['a single run, rounded in the summary', 'single', { averageUs: 6.29811e6, runs: 1, medianUs: 6298113 }],
    ['chatter of a delegate, and sums over operators', 'profiled', { averageUs: 802.25, runs: 50, medianUs: 801 }],
    ['the table of LiteRT', 'litert', { averageUs: 946.37, runs: 1054, medianUs: 942 }],
  ])('%s', (_, name, output) => expect(parseBenchmarkModel(read(`benchmark_model-${name}.txt`))).toEqual(output));

  test.each([
    [
      'equal runs',
      'count=50 curr=12 (all same)\nInference timings in us: Inference (avg): 12',
      { averageUs: 12, runs: 50 },
    ],
    [
      'a warm-up of the same average',
      'count=5 curr=12(all same)\ncount=50 curr=12(all same)\nInference timings in us: Inference (avg): 12',
      { averageUs: 12, runs: 50 },
    ],
    [
      '2019, later',
      'Average inference timings in us: Warmup: 9, Init: 4, Inference: 8.5',
      { averageUs: 8.5, runs: null },
    ],
    ['a table alone', 'Inference (avg):  85.25 ms (50 runs)', { averageUs: 85250, runs: 50 }],
    ['a table without counts', 'Inference (avg): 2 s', { averageUs: 2e6, runs: null }],
  ])('%s', (_, text, output) => expect(parseBenchmarkModel(text)).toEqual(output));

  test('what cannot be read is shown, the line that comes nearest first', () => {
    const odd = 'INFO: hello\nInference timings in us: Inference (avg): nan\ncount=5 curr=1';
    expect(parseBenchmarkModel(odd)).toBeUndefined();
    expect(nearestBenchmarkLine(odd)).toBe('Inference timings in us: Inference (avg): nan');
    expect(nearestBenchmarkLine(read('benchmark_model-failed.txt'))).toBe('ERROR: Benchmarking failed.');
    expect(nearestBenchmarkLine('hello')).toBeUndefined();
  });

  test('a failed benchmark has no result', () => {
    expect(parseBenchmarkModel(read('benchmark_model-failed.txt'))).toBeUndefined();
  });
});

describe('trtexec', () => {
  test('inferences during the warm-up are left out, counted from the first', () => {
    expect(parseTrtexecTimes(read('trtexec-times-h2d.json'), 200)).toEqual([3.1, 3.2]);
    expect(parseTrtexecTimes(read('trtexec-times-h2d.json'), 100)).toEqual([3.2, 3.1, 3.2]);
    expect(parseTrtexecTimes(read('trtexec-times-old.json'), 200)).toEqual([3.2]);
  });

  test.each([
    ['', /wrote no such file/],
    [read('trtexec-times-h2d.json'), /no inference began later than 1000 ms/],
    ['[{"latencyMs": nan}]', /is no JSON; it begins "\[/],
    ['[{"medianMs": 1}]', /elements of its file are others/],
  ])('why %# is none', (text, problem) => expect(trtexecTimesProblem(text, 1000)).toMatch(problem));

  test('nothing after the warm-up is no result', () => {
    expect(parseTrtexecTimes(read('trtexec-times-h2d.json'), 1000)).toBeUndefined();
    expect(parseTrtexecTimes('[]', 0)).toBeUndefined();
  });

  test.each([
    ['v8201', '8.2.1'],
    ['v8502', '8.5.2'],
    ['v100300', '10.3.0'],
    ['v101600', '10.16.0'],
    ['v11.1.0.106', '11.1.0.106'],
  ])('version %s is %s', (printed, version) => {
    expect(parseTrtexecLog(`&&&& RUNNING TensorRT.trtexec [TensorRT ${printed}] # trtexec --help`).version).toBe(
      version,
    );
  });

  test('the log names the device', () => {
    expect(parseTrtexecLog(read('trtexec-log.txt'))).toEqual({
      version: '8.2.1',
      device: 'NVIDIA Tegra X1',
      passed: false,
      builtS: null,
    });
  });
});

describe('command', () => {
  test('the last line that is a result counts', () => {
    expect(
      parseCommandOutput('loading…\n{"latenciesMs":[2]}\n{"latenciesMs":[1.5,1.6],"version":"2.1"}\ndone\n'),
    ).toEqual({
      latenciesMs: [1.5, 1.6],
      version: '2.1',
    });
  });

  test.each([
    '{"latenciesMs":[]}',
    '{"latenciesMs":[0]}',
    '{"latenciesMs":[-1]}',
    '{"latenciesMs":[null]}',
    '{"latencies":[1],"version":"2"}',
    '{"latenciesMs":[1],"version":2}',
    '{"latenciesMs":"1"}',
    '{"latenciesMs":[1]',
    '1.5',
    '',
  ])('%s is none', (text) => {
    expect(parseCommandOutput(text)).toBeUndefined();
  });
});

describe('what a command printed', () => {
  test.each([
    ['more than is read', '{"latenciesMs":[1.5],"version":"2","meanMs":1.5,"n":null}', { version: '2' }],
    ['null where it is not known', '{"latenciesMs":[1.5],"version":null,"accelerator":null}', {}],
    ['a line that ends as on Windows', '{"latenciesMs":[1.5]}\r\n', {}],
    ['several lines', 'ready\n{\n  "latenciesMs": [\n    1.5\n  ],\n  "version": "2"\n}\nbye', { version: '2' }],
    ['several lines on Windows', '{\r\n  "latenciesMs": [1.5]\r\n}\r\n', {}],
  ])('%s', (_, text, rest) => expect(parseCommandOutput(text)).toEqual({ latenciesMs: [1.5], ...rest }));

  test.each([
    ['{"latenciesMs":[1, 0, 2]}', /^latenciesMs\[1\] is 0: no inference takes no time/],
    ['{"latenciesMs":[1, 2, -0.5]}', /^latenciesMs\[2\] is -0\.5: a negative time/],
    ['{"latenciesMs":[null, 2]}', /^latenciesMs\[0\] is null: leave out/],
    ['{"latenciesMs":["1.5"]}', /^latenciesMs\[0\] is "1\.5": no number/],
    ['{"latenciesMs":[]}', /^latenciesMs is empty/],
    ['{"latenciesMs":1.5}', /^latenciesMs is no list/],
    ['{"latencyMs":1.5}', /^latencyMs instead of latenciesMs/],
    ['{"ms":[1.5]}', /^no latenciesMs in /],
    ['{"latenciesMs":[1.5],"version":2.1}', /^version: .*string/],
    ['{"latenciesMs":[NaN]}', /^NaN or Infinity/],
    ["{'latenciesMs': [1.5]}", /^no valid JSON \(JSON has double quotes; in Python: print\(json\.dumps/],
    ['[1.5, 1.6]', /^a list without its name latenciesMs: \[1\.5, 1\.6\]/],
    ['done', /^no such line$/],
  ])('%s is told', (text, problem) => expect(commandOutputProblem(text, '')).toMatch(problem));

  test('on the wrong stream', () => {
    expect(commandOutputProblem('', '{"latenciesMs":[1.5]}')).toBe(
      'the line came on standard error, not on standard output',
    );
  });
});

test('every parser is total', () => {
  const pieces = fc.constantFrom(
    ...[
      'count=5',
      ' avg=3',
      ' median=',
      'Inference timings in us: Init: 1, Inference (avg): 3',
      '1e99',
      '\n',
      '[',
      ']',
    ],
    ...['{"latencyMs":1,"startComputeMs":0}', ',', '[TensorRT v', ']', 'Selected Device: ', '{"latenciesMs":[1]}', '{'],
    ...['sugarbush-result ', '{"ok":false,"code":"program-failed","message":"x"}', '{"ok":true}', '"', '9'],
  );
  const text = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.array(pieces).map((parts) => parts.join('')),
  );
  fc.assert(
    fc.property(text, fc.integer({ min: 0, max: 100 }), (printed, warmUpMs) => {
      const benchmark = parseBenchmarkModel(printed);
      if (benchmark !== undefined) expect(benchmark.averageUs > 0 && (benchmark.runs ?? 1) >= 1).toBe(true);
      for (const latencyMs of parseTrtexecTimes(printed, warmUpMs) ?? []) expect(latencyMs).toBeGreaterThan(0);
      parseTrtexecLog(printed);
      trtexecTimesProblem(printed, warmUpMs);
      nearestBenchmarkLine(printed);
      commandOutputProblem(printed, '');
      for (const latencyMs of parseCommandOutput(printed)?.latenciesMs ?? []) expect(latencyMs).toBeGreaterThan(0);
      const program = { stdout: printed, stderr: '', exitCode: 0, signal: null, timedOut: false };
      try {
        expect(readResult(program, 1).samplesMs.length).toBeGreaterThan(0);
      } catch (error) {
        expect(error).toMatchObject({ name: 'DomainError' });
      }
    }),
    { numRuns: 1000 },
  );
});

describe('from samples and medians', () => {
  test('steady samples are stable, drifting ones are not', () => {
    expect(fromSamples(new Array<number>(40).fill(2), 0.01)).toMatchObject({
      latency: { medianMs: 2, trimmedMeanMs: 2, spreadMs: 0 },
      runs: 40,
      stable: true,
    });
    expect(
      fromSamples(
        Array.from({ length: 40 }, (_, i) => 1 + i),
        0.01,
      ).stable,
    ).toBe(false);
    expect(fromSamples([1, 1, 1], 0.01).stable).toBe(false);
  });

  test('medians of processes: their median, judged by the t interval between them, by hand', () => {
    // 1, 2, 3: mean 2, variance 1, half width 4.303·sqrt(1/3)/2 = 1.2422.
    expect(fromMedians([3, 1, 2], 30, 1.25)).toMatchObject({ latency: { medianMs: 2, spreadMs: null }, stable: true });
    expect(fromMedians([3, 1, 2], 30, 1.24).stable).toBe(false);
    expect(fromMedians([2], 10, 1).stable).toBe(false);
  });
});
