// Any other runtime: a program of the device owner's that takes a model path as its last argument, times its inferences
// and prints one JSON line, {"latenciesMs": [1.93, 1.91, …], "version": "2.1"}. Everything else it prints is ignored.
import { z } from 'zod';
import { DomainError } from '#core/errors.ts';
import { jsonOrUndefined } from '../json-or-undefined.ts';
import { findProgram } from '../process/find-program.ts';
import { type ExternalProgram, runExternal, unexpectedOutput } from './external-program.ts';
import { fromSamples, type Runtime } from './runtime.ts';

const lineSchema = z.strictObject({
  /** Each inference after the program's own warm-up, in order of time. */
  latenciesMs: z.array(z.number().positive()).min(1).max(1_000_000),
  version: z.string().min(1).max(48).optional(),
  /** Name of the accelerator that it ran on. */
  accelerator: z.string().min(1).max(96).optional(),
});

export type CommandLine = z.infer<typeof lineSchema>;

/** The last line that is such an object; undefined when there is none. Total. */
export function parseCommandOutput(text: string): CommandLine | undefined {
  for (const line of text.split('\n').reverse()) {
    if (!line.trimStart().startsWith('{')) continue;
    const parsed = lineSchema.safeParse(jsonOrUndefined(line));
    if (parsed.success) return parsed.data;
  }
  return undefined;
}

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
        env: {
          SUGARBUSH_THREADS: String(settings.threads),
          SUGARBUSH_GRAPH_OPTIMIZATION: settings.graphOptimization,
          SUGARBUSH_PRECISION: settings.precision,
          SUGARBUSH_MIN_RUNS: String(rule.sampling.minRuns),
          SUGARBUSH_MAX_MS: String(rule.sampling.maxMs),
        },
      });
      const line = parseCommandOutput(result.stdout);
      if (line === undefined) throw unexpectedOutput(program, 'a line {"latenciesMs": [...]}', result.stdout);
      return {
        ...fromSamples(line.latenciesMs, rule.sampling.tolerance),
        version: line.version ?? null,
        ...(line.accelerator === undefined ? {} : { accelerator: line.accelerator }),
      };
    },
  };
}
