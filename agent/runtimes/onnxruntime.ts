// ONNX Runtime through its packages for Node: `onnxruntime` is the native library, `onnxruntime-web` its WebAssembly
// build. Each measurement is a process of its own.
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type KernelTimes, kernelTimesOf } from '#core/dataset/kernel-times/kernel-times.ts';
import { DomainError } from '#core/errors.ts';
import { startNetwork } from '#core/search-space/network/layers.ts';
import { modelBytes } from '#core/search-space/network/with-weights.ts';
import { summariseLatency } from '#core/statistics/latency-summary.ts';
import { systemFiles } from '../device/system-files.ts';
import { defaultStopRule } from '../measure/stop-rule.ts';
import type { Job } from '../worker/job.ts';
import { type JobOptions, runJob } from '../worker/run-job.ts';
import { glibcVersion, nativeProblem } from './native-support.ts';
import { parseOnnxProfile } from './onnxruntime-profile.ts';
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
  kernelTimes,
};

const { kernelTimes: _, ...common } = onnxRuntimeNode;

/** Its build for Node has no profiler. */
export const onnxRuntimeWeb: Runtime = {
  ...common,
  name: 'onnxruntime-web',
  executionProvider: 'wasm',
  detect: () => detect('onnxruntime-web'),
  measure: (request) => measure('onnxruntime-web', request),
};

async function measure(runtime: Job['runtime'], request: MeasureRequest): Promise<MeasuredLatency> {
  const { counting } = request;
  const job: Job = { ...jobOf(runtime, request), countMs: counting?.windowMs ?? null };
  const measured = await runJob(job, { ...optionsOf(request), ...(counting === undefined ? {} : { counting }) });
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

const jobOf = (runtime: Job['runtime'], { modelPath, settings, seed, inputs, rule }: MeasureRequest): Job => ({
  runtime,
  modelPath,
  threads: settings.threads,
  graphOptimization: settings.graphOptimization,
  seed,
  ...(inputs !== undefined && { inputs }),
  rule,
  countMs: null,
});

const optionsOf = ({ timeoutS, cpus, signal }: MeasureRequest): JobOptions => ({
  timeoutS,
  cpus,
  ...(signal === undefined ? {} : { signal }),
});

/** Its profile takes 600 bytes a kernel and run. */
const profiledRule: Job['rule'] = {
  warmUp: { ...defaultStopRule.warmUp, minRuns: 5, maxMs: 500 },
  sampling: { minRuns: 10, maxRuns: 40, minMs: 500, maxMs: 3000, tolerance: 0.01 },
};

async function kernelTimes(request: MeasureRequest): Promise<KernelTimes> {
  const folder = mkdtempSync(join(tmpdir(), 'sugarbush-kernels-'));
  try {
    const job = { ...jobOf('onnxruntime', request), rule: profiledRule, profileTo: join(folder, 'profile') };
    const { samplesMs } = await runJob(job, optionsOf(request));
    const [file] = readdirSync(folder);
    const runs = parseOnnxProfile(file === undefined ? '' : readFileSync(join(folder, file), 'utf8'), samplesMs.length);
    const times = runs && kernelTimesOf('onnxruntime', samplesMs.length, runs);
    if (times !== undefined) return times;
    throw new DomainError('program-output', 'the profile that ONNX Runtime wrote has no kernels that can be told');
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
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
