// Runtimes against real processes: stand-ins for programs that are not here, and the measuring process itself.
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';
import { defaultStopRule } from '#agent/measure/stop-rule.ts';
import { commandRuntime } from '#agent/runtimes/command.ts';
import { onnxRuntimeNode, onnxRuntimeWeb } from '#agent/runtimes/onnxruntime.ts';
import { runtimesTimingKernels } from '#agent/runtimes/registry.ts';
import type { MeasureRequest } from '#agent/runtimes/runtime.ts';
import { tensorrt } from '#agent/runtimes/tensorrt.ts';
import { tflite } from '#agent/runtimes/tflite.ts';
import type { Job } from '#agent/worker/job.ts';
import { runJob } from '#agent/worker/run-job.ts';
import { wordOfKernel } from '#core/dataset/kernel-times/kernel-word.ts';
import type { KernelCount } from '#core/graph/kernel.ts';
import { lower } from '#core/graph/lower.ts';
import { describeNetwork, describeOperator } from '#core/search-space/network/describe.ts';
import { modelBytes } from '#core/search-space/network/with-weights.ts';
import { searchSpace } from '#core/search-space/registry.ts';

const folder = mkdtempSync(join(tmpdir(), 'sugarbush-programs-'));
afterAll(() => rmSync(folder, { recursive: true }));

const fixture = (name: string): string => fileURLToPath(new URL(`../../../fixtures/runtimes/${name}`, import.meta.url));
const modelPath = join(folder, 'model.onnx');
const options = { inputSize: 32, batchSize: 1 };
writeFileSync(modelPath, modelBytes(describeOperator(searchSpace('nasbench201'), 'backbone/pool', options), 0));

const quickRule = {
  warmUp: { ...defaultStopRule.warmUp, windowMs: 1, maxMs: 50 },
  sampling: { minRuns: 30, maxRuns: 60, minMs: 0, maxMs: 100, tolerance: 0.5 },
};
const request: MeasureRequest = {
  modelPath,
  settings: { threads: 1, graphOptimization: 'all', precision: 'fp32' },
  rule: quickRule,
  cpus: undefined,
  timeoutS: 30,
  seed: 1,
};

let scripts = 0;
/** A program of the given shell lines. */
function program(lines: string): string {
  const path = join(folder, `program-${scripts++}`);
  writeFileSync(path, `#!/bin/sh\n${lines}\n`);
  chmodSync(path, 0o755);
  return path;
}

describe('programs that print nonsense, fail, hang or are not there', () => {
  const runtimes = {
    tensorrt: (path: string) => tensorrt(path),
    tflite: (path: string) => tflite(path),
    command: (path: string) => commandRuntime([path]),
  };

  test.each(Object.entries(runtimes))('%s', async (_, runtime) => {
    await expect(runtime('/no/such/program').measure(request)).rejects.toMatchObject({
      code: 'program-missing',
      message: expect.stringContaining('/no/such/program'),
    });
    expect(await runtime('/no/such/program').detect()).toMatchObject({ found: false });
    await expect(runtime(program('echo hello')).measure(request)).rejects.toMatchObject({
      code: 'program-output',
      message: expect.stringContaining('hello'),
    });
    await expect(runtime(program('echo hello')).measure(request)).rejects.toThrow(
      /its output cannot be read.*Expected: /,
    );
    await expect(runtime(program('echo no memory >&2; exit 7')).measure(request)).rejects.toMatchObject({
      code: 'program-failed',
      message: expect.stringMatching(/exit code 7.*no memory/s),
    });
    await expect(runtime(program('kill -SEGV $$')).measure(request)).rejects.toMatchObject({
      code: 'program-failed',
      message: expect.stringContaining('SIGSEGV'),
    });
    await expect(runtime(program('sleep 60')).measure({ ...request, timeoutS: 0.3 })).rejects.toMatchObject({
      code: 'program-timeout',
      message: expect.stringContaining('no end within 0.3 s'),
    });
  });
});

describe('programs that work', () => {
  test('trtexec: arguments, times from its file, version and device from its log', async () => {
    const path = program(`
      for word in "$@"; do case $word in
        --exportTimes=*) cp ${fixture('trtexec-times-h2d.json')} "\${word#--exportTimes=}";;
        --onnx=*) test -f "\${word#--onnx=}" || exit 3;;
      esac; done
      case "$*" in *--fp16*) ;; *) exit 4;; esac
      cat ${fixture('trtexec-log.txt')}`);
    const rule = { ...quickRule, warmUp: { ...quickRule.warmUp, maxMs: 100 } };
    const settings = { ...request.settings, precision: 'fp16' as const };
    const measured = await tensorrt(path).measure({ ...request, rule, settings });
    expect(measured).toMatchObject({
      latency: { medianMs: 3.2 },
      runs: 3,
      version: '8.2.1',
      accelerator: 'NVIDIA Tegra X1',
      rows: [],
    });
    expect(await tensorrt(path).detect()).toMatchObject({ found: true });
  });

  test('benchmark_model is run five times', async () => {
    const log = join(folder, 'calls');
    const path = program(`echo "$@" >> ${log}; cat ${fixture('benchmark_model-percentiles.txt')}`);
    const measured = await tflite(path).measure({ ...request, settings: { ...request.settings, threads: 4 } });
    expect(measured).toMatchObject({
      latency: { medianMs: 42.419, trimmedMeanMs: null, spreadMs: null },
      runs: 5 * 24,
      stable: true,
    });
    const calls = readFileSync(log, 'utf8').trim().split('\n');
    expect(calls).toHaveLength(5);
    expect(calls[0]).toContain(`--graph=${modelPath}`);
    expect(calls[0]).toContain('--num_threads=4');
  });

  test('a command gets its own arguments, the model path last, and the settings', async () => {
    const path = program(`
      test "$1" = --fast && test -f "$2" || exit 3
      echo "warming up with $SUGARBUSH_THREADS threads"
      echo '{"latenciesMs":[2,2,2,2,2,2,2,2,2,2],"version":"0.3"}'`);
    expect(await commandRuntime([path, '--fast']).measure(request)).toMatchObject({
      latency: { medianMs: 2 },
      version: '0.3',
      stable: true,
    });
  });
});

describe('how long each kernel takes', () => {
  const cell = '|nor_conv_3x3~0|+|none~0|nor_conv_1x1~1|+|skip_connect~0|avg_pool_3x3~1|skip_connect~2|';
  const space = searchSpace('nasbench201');
  const cellPath = join(folder, 'cell.onnx');
  const workload = { searchSpace: space.id, inputSize: 32, batchSize: 1 };
  writeFileSync(cellPath, modelBytes(describeNetwork(space, space.parse(cell), workload), 0));

  test('onnxruntime: every kernel that it runs, by kind, and no file is left behind', async () => {
    const settings = { ...request.settings, graphOptimization: 'disabled' as const };
    const times = await onnxRuntimeNode.kernelTimes!({ ...request, modelPath: cellPath, settings });
    expect(times).toMatchObject({ formatVersion: 1, profiler: 'onnxruntime' });
    expect(times.runs).toBeGreaterThanOrEqual(10);
    // At this level nothing is fused: what is run is what the network has.
    const counts = Object.fromEntries(
      times.kinds.map((kind, i) => [kind, times.kernels.filter((own) => own === i).length]),
    );
    const graph = describeNetwork(space, space.parse(cell), workload).graph;
    expect(counts).toEqual(countsOf(lower(graph, 'onnxruntime-disabled')));
    expect(times.shares.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 2);
    expect(readdirSync(tmpdir()).filter((name) => name.startsWith('sugarbush-kernels-'))).toEqual([]);
  });

  test('trtexec: layers by the nodes that they are called after, with the engine that was measured', async () => {
    const log = join(folder, 'trtexec-calls');
    const path = program(`
      echo "$@" >> ${log}
      for word in "$@"; do case $word in
        --exportProfile=*) cp ${fixture('trtexec-profile.json')} "\${word#*=}";;
      esac; done`);
    const times = await tensorrt(path).kernelTimes!({ ...request, modelPath: cellPath });
    expect(times).toEqual({
      formatVersion: 1,
      profiler: 'trtexec',
      runs: 250,
      kinds: ['reorder', 'convolution/3x3', 'activation', 'other'],
      kernels: [0, 1, 2, 1, 3],
      shares: [0.1, 0.4, 0.05, 0.25, 0.2],
    });
    expect(readFileSync(log, 'utf8')).toContain('--dumpProfile');
  });

  test('benchmark_model: its table of nodes', async () => {
    const log = join(folder, 'benchmark-calls');
    const path = program(`echo "$@" >> ${log}; cat ${fixture('benchmark_model-operators.txt')}`);
    expect(await tflite(path).kernelTimes!(request)).toEqual({
      formatVersion: 1,
      profiler: 'benchmark_model',
      runs: 50,
      kinds: ['convolution', 'depthwise-convolution', 'convolution/1x1', 'pool', 'other'],
      kernels: [0, 1, 2, 3, 4],
      shares: [0.4, 0.25, 0.2, 0.1, 0.05],
    });
    expect(readFileSync(log, 'utf8')).toContain('--enable_op_profiling=true');
  });

  test('a tool that writes nothing of the kind is said so', async () => {
    await expect(tflite(program('echo hello')).kernelTimes!(request)).rejects.toMatchObject({ code: 'program-output' });
    await expect(tensorrt(program('echo hello')).kernelTimes!(request)).rejects.toMatchObject({
      code: 'program-output',
    });
    expect(onnxRuntimeWeb.kernelTimes).toBeUndefined();
    expect(runtimesTimingKernels()).toEqual(['onnxruntime', 'tensorrt', 'tflite']);
  });
});

function countsOf(kernels: readonly KernelCount[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { kernel, count } of kernels) counts[wordOfKernel(kernel)] = (counts[wordOfKernel(kernel)] ?? 0) + count;
  return counts;
}

describe('the measuring process', () => {
  const job: Job = {
    runtime: 'onnxruntime',
    modelPath,
    threads: 1,
    graphOptimization: 'all',
    seed: 1,
    rule: quickRule,
    countMs: null,
  };

  test('onnxruntime is found by running it, and measures', async () => {
    expect(await onnxRuntimeNode.detect()).toEqual({ found: true, version: expect.stringMatching(/^\d+\.\d+/) });
    const measured = await onnxRuntimeNode.measure(request);
    expect(measured.runs).toBeGreaterThanOrEqual(30);
    expect(measured.samplesMs).toHaveLength(measured.runs!);
    expect(measured.latency.medianMs).toBeGreaterThan(0);
  });

  test('onnxruntime-web, the WebAssembly build, measures too', async () => {
    const measured = await onnxRuntimeWeb.measure(request);
    expect(measured.latency.medianMs).toBeGreaterThan(0);
    expect(measured.version).toMatch(/^\d+\.\d+/);
  });

  test('a model that is none is an error that says so', async () => {
    const broken = join(folder, 'broken.onnx');
    writeFileSync(broken, 'not a model');
    await expect(onnxRuntimeNode.measure({ ...request, modelPath: broken })).rejects.toMatchObject({
      code: 'program-failed',
      message: expect.stringMatching(/protobuf|model/i),
    });
  });

  test('killed in the middle of measuring: a reason, no number, and nothing left running', async () => {
    const endless = { ...quickRule.sampling, minRuns: 1e9, maxRuns: 1e9, maxMs: 1e6 };
    const running = runJob({ ...job, rule: { ...quickRule, sampling: endless } }, { timeoutS: 30, cpus: undefined });
    const failure = expect(running).rejects.toMatchObject({
      code: 'program-failed',
      message: expect.stringContaining('SIGSEGV'),
    });
    const worker = await expect
      .poll(() => findWorker(), { timeout: 10_000 })
      .toBeDefined()
      .then(findWorker);
    process.kill(worker!, 'SIGSEGV');
    await failure;
    expect(findWorker()).toBeUndefined();
  });

  test('one that hangs is ended by its time limit', async () => {
    const endless = { ...quickRule.sampling, minRuns: 1e9, maxRuns: 1e9, maxMs: 1e6 };
    await expect(
      runJob({ ...job, rule: { ...quickRule, sampling: endless } }, { timeoutS: 1, cpus: undefined }),
    ).rejects.toMatchObject({ code: 'program-timeout' });
    expect(findWorker()).toBeUndefined();
  });
});

/** The measuring process that this test's own process started. */
function findWorker(): number | undefined {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .find((pid) => {
      try {
        const parent = /\) \S (\d+)/.exec(readFileSync(`/proc/${pid}/stat`, 'utf8'))?.[1];
        return (
          Number(parent) === process.pid && readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('measure-worker')
        );
      } catch {
        return false;
      }
    });
}
