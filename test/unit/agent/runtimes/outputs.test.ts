import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseBenchmarkModel } from '#agent/runtimes/benchmark-model-output.ts';
import { parseCommandOutput } from '#agent/runtimes/command.ts';
import { fromMedians, fromSamples } from '#agent/runtimes/runtime.ts';
import { parseTrtexecLog, parseTrtexecTimes } from '#agent/runtimes/trtexec-output.ts';
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
    '{"latenciesMs":[1],"latencyUs":3}',
    '{"latenciesMs":"1"}',
    '{"latenciesMs":[1]',
    '1.5',
    '',
  ])('%s is none', (text) => {
    expect(parseCommandOutput(text)).toBeUndefined();
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
      if (benchmark !== undefined) expect(benchmark.averageUs > 0 && benchmark.runs >= 1).toBe(true);
      for (const latencyMs of parseTrtexecTimes(printed, warmUpMs) ?? []) expect(latencyMs).toBeGreaterThan(0);
      parseTrtexecLog(printed);
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
