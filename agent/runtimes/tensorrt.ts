// TensorRT through NVIDIA's trtexec, which builds an engine from the ONNX file and times it. Latency is end to end:
// copy in, compute, copy out. Engines are kept, so that one network is built once.
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { type KernelTimes, kernelTimesOf } from '#core/dataset/kernel-times/kernel-times.ts';
import { DomainError } from '#core/errors.ts';
import { bytesAsSource } from '#core/graph/onnx-file/byte-source.ts';
import { readOnnx } from '#core/graph/read-onnx.ts';
import { findProgram } from '../process/find-program.ts';
import { runProgram } from '../process/run-program.ts';
import { engineCache, engineKey } from './engine-cache.ts';
import { type ExternalProgram, runExternal, unexpectedOutput } from './external-program.ts';
import { programIdentity as identityOf } from './program-identity.ts';
import { readReport } from './reported.ts';
import { fromSamples, type MeasuredLatency, type MeasureRequest, type Runtime } from './runtime.ts';
import { expectedTrtexecTimes, parseTrtexecLog, parseTrtexecTimes, trtexecTimesProblem } from './trtexec-output.ts';
import { expectedTrtexecProfile, parseTrtexecProfile, timedLayers } from './trtexec-profile.ts';

/** Where JetPack and the Debian packages put it, off PATH. */
const usualPath = '/usr/src/tensorrt/bin/trtexec';

/** TensorRT through `trtexec`.
 * @param path where it is; default: on PATH, else where JetPack puts it */
export function tensorrt(path?: string): Runtime {
  const program: ExternalProgram = {
    name: 'trtexec',
    hint: `It comes with TensorRT (JetPack: ${usualPath}); name it with --program.`,
    program: path ?? findProgram('trtexec') ?? usualPath,
  };
  return {
    name: 'tensorrt',
    executionProvider: 'tensorrt',
    counts: false,
    modelSuffix: '.onnx',
    heeds: [],
    precisions: ['fp32', 'fp16', 'int8'],
    programIdentity: () => identityOf([program.program]),
    async detect() {
      const found = findProgram(program.program);
      if (found === undefined) return { found: false, reason: `no program '${program.program}'. ${program.hint}` };
      const { stdout, stderr } = await runProgram([found, '--help'], { timeoutS: 60 });
      return { found: true, version: parseTrtexecLog(stdout + stderr).version, path: found };
    },
    async measure(request) {
      const cache = engineCache(request.build?.engineFolder);
      const key = engineKey(request.modelPath, request.settings.precision, programIdentity(program.program));
      const kept = cache.find(key);
      if (kept !== undefined) {
        try {
          return await time(program, request, { engine: kept });
        } catch (error) {
          if (!(error instanceof DomainError) || error.code !== 'program-failed') throw error;
          // Another version or another GPU built it.
          cache.drop(key);
        }
      }
      return await time(program, request, { keep: (file) => cache.keep(key, file) });
    },
    kernelTimes: (request) => kernelTimes(program, request),
  };
}

/** With an engine that is there, or with one that it builds first and that is worth keeping. */
type Engine = { readonly engine: string } | { readonly keep: (file: string) => void };

async function time(program: ExternalProgram, request: MeasureRequest, engine: Engine): Promise<MeasuredLatency> {
  const folder = mkdtempSync(join(tmpdir(), 'sugarbush-trtexec-'));
  try {
    const timesFile = join(folder, 'times.json');
    const engineFile = join(folder, 'model.engine');
    const { warmUp, sampling } = request.rule;
    const warmUpMs = Math.ceil(Math.min(warmUp.maxMs, 1000));
    const durationS = Math.max(1, Math.ceil(sampling.maxMs / 2000));
    const { precision } = request.settings;
    const isBuilt = 'keep' in engine;
    const args = [
      `--onnx=${request.modelPath}`,
      isBuilt ? `--saveEngine=${engineFile}` : `--loadEngine=${engine.engine}`,
      `--exportTimes=${timesFile}`,
      `--warmUp=${warmUpMs}`,
      `--iterations=${sampling.minRuns}`,
      `--duration=${durationS}`,
      ...(precision === 'fp32' ? [] : [`--${precision}`]),
    ];
    const startMs = performance.now();
    const result = await runExternal(program, args, {
      ...request,
      buildS: isBuilt ? request.build?.limitS : undefined,
    });
    const tookS = (performance.now() - startMs) / 1000;
    const times = readOrEmpty(timesFile);
    const samplesMs = parseTrtexecTimes(times, warmUpMs);
    const said = result.stdout + result.stderr;
    const log = parseTrtexecLog(said);
    if (samplesMs === undefined) {
      throw unexpectedOutput(program, expectedTrtexecTimes, trtexecTimesProblem(times, warmUpMs), said);
    }
    if (isBuilt) engine.keep(engineFile);
    return {
      ...fromSamples(samplesMs, sampling.tolerance),
      ...readReport({ version: log.version ?? undefined, accelerator: log.device ?? undefined }),
      // What it does not say is the time that is not for warm-up and samples.
      ...(isBuilt ? { builtS: log.builtS ?? Math.max(0, tookS - warmUpMs / 1000 - durationS) } : {}),
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** With the engine that was measured, where it was kept: another one could choose other kernels. */
async function kernelTimes(program: ExternalProgram, request: MeasureRequest): Promise<KernelTimes> {
  const folder = mkdtempSync(join(tmpdir(), 'sugarbush-trtexec-'));
  try {
    const file = join(folder, 'profile.json');
    const { modelPath, settings, build } = request;
    const key = engineKey(modelPath, settings.precision, programIdentity(program.program));
    const kept = engineCache(build?.engineFolder).find(key);
    const args = [
      `--onnx=${modelPath}`,
      ...(kept === undefined ? [] : [`--loadEngine=${kept}`]),
      '--dumpProfile',
      `--exportProfile=${file}`,
      '--warmUp=200',
      '--iterations=20',
      '--duration=1',
      ...(settings.precision === 'fp32' ? [] : [`--${settings.precision}`]),
    ];
    const { stdout, stderr } = await runExternal(program, args, {
      ...request,
      buildS: kept === undefined ? build?.limitS : undefined,
    });
    const text = readOrEmpty(file);
    const profile = parseTrtexecProfile(text);
    const graph = request.graph ?? (await readOnnx(bytesAsSource(readFileSync(modelPath))));
    const times = profile && kernelTimesOf('trtexec', profile.runs, timedLayers(profile, graph));
    if (times !== undefined) return times;
    throw unexpectedOutput(program, expectedTrtexecProfile, 'its file has no layers', stdout + stderr);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Changes with another trtexec, and with another GPU where the environment chooses one. */
function programIdentity(program: string): string {
  const gpu = process.env['CUDA_VISIBLE_DEVICES'] ?? '';
  try {
    const { size, mtimeMs } = statSync(findProgram(program) ?? program);
    return `${program} ${size} ${mtimeMs} ${gpu}`;
  } catch {
    return `${program} ${gpu}`;
  }
}

function readOrEmpty(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
