// Any other runtime: a program of the device owner's that takes a model path as its last argument, times its inferences
// and prints one JSON line, {"latenciesMs": [1.93, 1.91, …], "version": "2.1"}. Everything else it prints is ignored.
import { DomainError } from '#core/errors.ts';
import { findProgram } from '../process/find-program.ts';
import { commandOutputProblem, expectedCommandOutput, parseCommandOutput } from './command-output.ts';
import { type ExternalProgram, runExternal, unexpectedOutput } from './external-program.ts';
import { programIdentity } from './program-identity.ts';
import { readReport } from './reported.ts';
import { fromSamples, type Runtime } from './runtime.ts';

/** @param words program and its arguments; the model path is added at the end. */
export function commandRuntime(words: readonly string[]): Runtime {
  const [path, ...args] = words;
  if (path === undefined)
    throw new DomainError('invalid-usage', "--command is empty; such as: --command './measure.sh'");
  const hint = 'It is the program of --command.';
  const program: ExternalProgram = { name: `command '${path}'`, hint, program: path };
  return {
    name: 'command',
    executionProvider: 'command',
    counts: false,
    modelSuffix: '.onnx',
    heeds: ['threads', 'graphOptimization'],
    precisions: ['fp32', 'fp16', 'int8'],
    programIdentity: () => programIdentity([path, ...args]),
    detect() {
      const found = findProgram(path);
      return Promise.resolve(
        found === undefined
          ? { found: false, reason: `no program '${path}'` }
          : { found: true, version: null, path: found },
      );
    },
    async measure(request) {
      const { settings, rule } = request;
      const result = await runExternal(program, [...args, request.modelPath], {
        ...request,
        buildS: request.build?.limitS,
        env: {
          SUGARBUSH_THREADS: String(settings.threads),
          SUGARBUSH_GRAPH_OPTIMIZATION: settings.graphOptimization,
          SUGARBUSH_PRECISION: settings.precision,
          SUGARBUSH_MIN_RUNS: String(rule.sampling.minRuns),
          SUGARBUSH_MAX_MS: String(rule.sampling.maxMs),
          SUGARBUSH_TOLERANCE: String(rule.sampling.tolerance),
        },
      });
      const line = parseCommandOutput(result.stdout);
      if (line === undefined) {
        const problem = commandOutputProblem(result.stdout, result.stderr);
        throw unexpectedOutput(program, expectedCommandOutput, problem, result.stdout);
      }
      return {
        ...fromSamples(line.latenciesMs, rule.sampling.tolerance),
        ...readReport(line),
      };
    },
  };
}
