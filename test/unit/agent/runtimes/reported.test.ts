// What runtimes say of themselves while they measure, from their words to a report, and two reports held together.
import { describe, expect, test } from 'vitest';
import { withOwnersWords } from '#agent/commands/what-runs.ts';
import { parseDelegates } from '#agent/runtimes/benchmark-model-delegates.ts';
import { parseCommandOutput } from '#agent/runtimes/command-output.ts';
import { readReport, reportDifference } from '#agent/runtimes/reported.ts';

describe('a report', () => {
  test('is what a profile may hold, whatever a program writes', () => {
    expect(
      readReport({
        version: ' 2.1\n',
        accelerator: 'RTX  4090\t',
        runtime: 'Apache TVM',
        executionProvider: 'CUDAExecutionProvider',
        delegate: 'GPU v2',
        powerMode: '15W',
      }),
    ).toEqual({
      version: '2.1',
      accelerator: 'RTX 4090',
      runtimeName: 'apache-tvm',
      executionProvider: 'cuda',
      settings: { delegate: 'GPU v2', powerMode: '15W' },
    });
    expect(readReport({})).toEqual({ version: null });
    expect(readReport({ accelerator: ' ', runtime: '日本' })).toEqual({ version: null });
    // 47 letters and a character of two units, cut in its middle.
    expect(readReport({ version: `${'v'.repeat(47)}😀` }).version).toBe('v'.repeat(47));
  });

  test('comes of a command’s line; keys that hold something else are passed over', () => {
    const line = '{"latenciesMs":[2],"runtime":"tvm","executionProvider":"cuda","delegate":null,"powerMode":15}';
    expect(parseCommandOutput(line)).toEqual({ latenciesMs: [2], runtime: 'tvm', executionProvider: 'cuda' });
  });
});

describe('delegates in benchmark_model’s chatter', () => {
  test.each([
    ['INFO: Created TensorFlow Lite XNNPACK delegate for CPU.', { delegate: 'XNNPACK' }],
    [
      'INFO: Created TensorFlow Lite XNNPACK delegate for CPU.\nINFO: Explicitly applied GPU delegate, and the model graph',
      { delegate: 'GPU+XNNPACK', executionProvider: 'GPU' },
    ],
    ['INFO: Created TensorFlow Lite delegate for NNAPI.', { delegate: 'NNAPI', executionProvider: 'NNAPI' }],
    [
      'Loaded delegate from /usr/lib/libexample_delegate.so',
      { delegate: 'example_delegate', executionProvider: 'example_delegate' },
    ],
    ['Inference timings in us: Inference (avg): 5', {}],
  ])('%s', (text, expected) => expect(parseDelegates(text)).toEqual(expected));
});

describe('two reports', () => {
  const report = { version: '2', accelerator: 'A', settings: { delegate: 'GPU' } };

  test.each([
    [{ version: '2', accelerator: 'A' }, undefined],
    [{ version: null }, undefined],
    [{ version: '3', accelerator: 'A' }, "version '3' and not '2'"],
    [{ version: '2', accelerator: 'B' }, "accelerator 'B' and not 'A'"],
    [{ version: '2', settings: { delegate: 'CPU' } }, "delegate 'CPU' and not 'GPU'"],
    [{ version: '2', executionProvider: 'cuda' }, undefined],
  ])('%o', (now, difference) => expect(reportDifference(report, now)).toBe(difference));
});

describe('the owner’s words', () => {
  const said = { version: '2', accelerator: 'A' };

  test('stand where the runtime says nothing', () => {
    const options = { runtime: 'command', runtimeName: 'tvm', runtimeVersion: '2', accelerator: 'B' } as const;
    expect(withOwnersWords(options, { version: null })).toEqual({
      version: '2',
      accelerator: 'B',
      runtimeName: 'tvm',
    });
    expect(() => withOwnersWords(options, said)).toThrow(
      /--accelerator 'B': the runtime itself says 'A'; leave it out/,
    );
  });

  test('are no new name for a runtime that has one', () => {
    const options = { runtime: 'tensorrt', runtimeName: 'tvm', runtimeVersion: undefined, accelerator: undefined };
    expect(() => withOwnersWords(options as never, said)).toThrow(/--runtime-name is for --runtime command/);
  });
});
