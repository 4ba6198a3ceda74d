// TensorFlow Lite through its benchmark_model. It prints a summary and no samples, and old versions only an average: so
// it is run several times, and the median over those runs is the latency.
import { kernelTimesOf } from '#core/dataset/kernel-times/kernel-times.ts';
import { findProgram } from '../process/find-program.ts';
import { parseDelegates } from './benchmark-model-delegates.ts';
import { expectedBenchmarkOutput, nearestBenchmarkLine, parseBenchmarkModel } from './benchmark-model-output.ts';
import { expectedBenchmarkProfile, parseBenchmarkProfile } from './benchmark-model-profile.ts';
import { type ExternalProgram, runExternal, unexpectedOutput } from './external-program.ts';
import { programIdentity } from './program-identity.ts';
import { readReport } from './reported.ts';
import { fromMedians, type Runtime } from './runtime.ts';

const processes = 5;

/** TensorFlow Lite through `benchmark_model`.
 * @param path where it is; default: on PATH */
export function tflite(path = 'benchmark_model'): Runtime {
  const program: ExternalProgram = {
    name: 'benchmark_model',
    hint: 'It is TensorFlow Lite’s benchmark tool (tensorflow.org/lite/performance/measurement); name it with --program.',
    program: path,
  };
  return {
    name: 'tflite',
    executionProvider: 'cpu',
    counts: false,
    modelSuffix: '.tflite',
    heeds: ['threads'],
    precisions: ['fp32', 'fp16', 'int8'],
    programIdentity: () => programIdentity([path]),
    detect() {
      const found = findProgram(path);
      return Promise.resolve(
        found === undefined
          ? { found: false, reason: `no program '${path}'. ${program.hint}` }
          : { found: true, version: null, path: found }, // It does not say its version.
      );
    },
    async measure(request) {
      const { warmUp, sampling } = request.rule;
      const maxS = Math.max(1, Math.ceil(sampling.maxMs / 1000));
      const args = [
        `--graph=${request.modelPath}`,
        `--num_threads=${request.settings.threads}`,
        `--num_runs=${Math.max(10, Math.ceil(sampling.minRuns / processes))}`,
        `--min_secs=${Math.max(sampling.minMs / 1000 / processes, 0.05)}`,
        `--max_secs=${maxS}`,
        `--warmup_runs=${warmUp.minRuns}`,
        '--warmup_min_secs=0.1',
      ];
      const mediansMs: number[] = [];
      let runs: number | null = 0;
      let text = '';
      for (let i = 0; i < processes; i++) {
        const result = await runExternal(program, args, request);
        text = `${result.stdout}\n${result.stderr}`;
        const output = parseBenchmarkModel(text);
        if (output === undefined) throw unexpectedOutput(program, expectedBenchmarkOutput, problemOf(text), text);
        mediansMs.push((output.medianUs ?? output.averageUs) / 1000);
        // What one process does not say is not known of the sum.
        runs = runs === null || output.runs === null ? null : runs + output.runs;
      }
      return { ...fromMedians(mediansMs, runs, sampling.tolerance), ...readReport(parseDelegates(text)) };
    },
    async kernelTimes(request) {
      const args = [
        `--graph=${request.modelPath}`,
        `--num_threads=${request.settings.threads}`,
        '--num_runs=20',
        '--min_secs=0.5',
        '--warmup_runs=3',
        '--enable_op_profiling=true',
      ];
      const { stdout, stderr } = await runExternal(program, args, request);
      const text = `${stdout}\n${stderr}`;
      const profile = parseBenchmarkProfile(stdout) ?? parseBenchmarkProfile(stderr);
      const times = profile && kernelTimesOf('benchmark_model', profile.runs, profile.kernels);
      if (times !== undefined) return times;
      throw unexpectedOutput(program, expectedBenchmarkProfile, 'it has no such table with times', text);
    },
  };
}

function problemOf(text: string): string {
  const nearest = nearestBenchmarkLine(text);
  return nearest === undefined ? 'no line with timings' : `the nearest line is '${nearest.slice(0, 300)}'`;
}
