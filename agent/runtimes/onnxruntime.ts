// ONNX Runtime through its packages for Node: `onnxruntime` is the native library, `onnxruntime-web` its WebAssembly
// build. Each measurement is a process of its own.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startNetwork } from '#core/search-space/network/layers.ts';
import { modelBytes } from '#core/search-space/network/with-weights.ts';
import { summariseLatency } from '#core/statistics/latency-summary.ts';
import { systemFiles } from '../device/system-files.ts';
import { defaultStopRule } from '../measure/stop-rule.ts';
import type { Job } from '../worker/job.ts';
import { runJob } from '../worker/run-job.ts';
import { glibcVersion, nativeProblem } from './native-support.ts';
import type { Detection, MeasuredLatency, MeasureRequest, Runtime } from './runtime.ts';

export const onnxRuntimeNode: Runtime = {
  name: 'onnxruntime',
  executionProvider: 'cpu',
  counts: true,
  modelSuffix: '.onnx',
  heeds: ['threads', 'graphOptimization'],
  precisions: ['fp32'],
  detectsByRunning: true,
  async detect() {
    const facts = { arch: process.arch, glibc: glibcVersion(), files: systemFiles() };
    const reason = nativeProblem(facts);
    return reason === undefined ? detect('onnxruntime') : { found: false, reason };
  },
  measure: (request) => measure('onnxruntime', request),
};

export const onnxRuntimeWeb: Runtime = {
  ...onnxRuntimeNode,
  name: 'onnxruntime-web',
  executionProvider: 'wasm',
  detect: () => detect('onnxruntime-web'),
  measure: (request) => measure('onnxruntime-web', request),
};

async function measure(runtime: Job['runtime'], request: MeasureRequest): Promise<MeasuredLatency> {
  const { counting, settings } = request;
  const job: Job = {
    runtime,
    modelPath: request.modelPath,
    threads: settings.threads,
    graphOptimization: settings.graphOptimization,
    seed: request.seed,
    ...(request.inputs !== undefined && { inputs: request.inputs }),
    rule: request.rule,
    countMs: counting?.windowMs ?? null,
  };
  const measured = await runJob(job, {
    timeoutS: request.timeoutS,
    cpus: request.cpus,
    ...(counting === undefined ? {} : { counting }),
    ...(request.signal === undefined ? {} : { signal: request.signal }),
  });
  const { samplesMs, stable, rows, countedRuns, version } = measured;
  return {
    latency: summariseLatency(samplesMs),
    runs: samplesMs.length,
    stable,
    samplesMs,
    rows,
    countedRuns,
    version,
  };
}

/** Runs the smallest network there is: that it is installed does not mean that it works. */
async function detect(runtime: Job['runtime']): Promise<Detection> {
  const folder = mkdtempSync(join(tmpdir(), 'sugarbush-detect-'));
  try {
    const modelPath = join(folder, 'relu.onnx');
    const { layers, input } = startNetwork({ name: 'relu', batchSize: 1, channels: 1, size: 1 });
    writeFileSync(modelPath, modelBytes(layers.finish(layers.relu(input)), 0));
    const quick = { minRuns: 1, maxRuns: 1, minMs: 0, maxMs: 1, tolerance: 1 };
    const { version } = await measure(runtime, {
      modelPath,
      settings: { threads: 1, graphOptimization: 'all', precision: 'fp32' },
      rule: { warmUp: { ...defaultStopRule.warmUp, maxMs: 1 }, sampling: quick },
      cpus: undefined,
      timeoutS: 30,
      seed: 0,
    });
    return { found: true, version };
  } catch (error) {
    return { found: false, reason: error instanceof Error ? error.message : String(error) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
