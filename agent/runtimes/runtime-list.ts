// The runtimes there are, a line each: how one is opened, and what people are told of it by doctor and documents.
import { DomainError } from '#core/errors.ts';
import { commandRuntime } from './command.ts';
import { onnxRuntimeNode, onnxRuntimeWeb } from './onnxruntime.ts';
import type { Detection, Runtime } from './runtime.ts';
import { shellWords } from './shell-words.ts';
import { tensorrt } from './tensorrt.ts';
import { tflite } from './tflite.ts';

export interface RuntimeOptions {
  /** Path of the runtime's own program (`--program`), where it is not on PATH. */
  readonly program?: string | undefined;
  /** The device owner's own program with its arguments: one text, quoted as for a shell (`--command`), or its words
   * (behind `--`). */
  readonly command?: string | readonly string[] | undefined;
}

export interface RuntimeEntry {
  /** What it is: a cell of the table in docs/measuring.md. */
  readonly what: string;
  /** What has to be there for it: a cell of the same table. */
  readonly needs: string;
  /** The program that it drives, which `--program` finds elsewhere; null: none. */
  readonly program: string | null;
  /** @throws DomainError `invalid-usage` where an option is missing that it cannot do without */
  readonly open: (options: RuntimeOptions) => Runtime;
  /** What doctor says of it; default: what the runtime itself finds without options. */
  readonly detect?: () => Promise<Detection>;
}

export const runtimeList = {
  onnxruntime: {
    what: 'ONNX Runtime, CPU',
    needs: 'the npm package `onnxruntime-node`',
    program: null,
    open: () => onnxRuntimeNode,
  },
  'onnxruntime-web': {
    what: 'its WebAssembly build, in Node',
    needs: '`npm install onnxruntime-web` where you start the agent',
    program: null,
    open: () => onnxRuntimeWeb,
  },
  tensorrt: {
    what: "NVIDIA's `trtexec` on the ONNX files",
    needs: '`trtexec` (JetPack has it), else `--program`',
    program: 'trtexec',
    open: ({ program }) => tensorrt(program),
  },
  tflite: {
    what: "TensorFlow Lite's `benchmark_model`",
    needs: '`benchmark_model`, and converted files (below)',
    program: 'benchmark_model',
    open: ({ program }) => tflite(program),
  },
  command: {
    what: 'a program of yours',
    needs: 'the program',
    program: null,
    open: ({ command }) => commandRuntime(wordsOf(command)),
    detect: async () => ({ found: false, reason: 'any program of yours: --runtime command --command WORDS' }),
  },
} as const satisfies Readonly<Record<string, RuntimeEntry>>;

function wordsOf(command: string | readonly string[] | undefined): readonly string[] {
  if (command !== undefined) return typeof command === 'string' ? shellWords(command) : command;
  const example = "such as: --command './measure.sh --fast', or at the end: -- ./measure.sh --fast";
  throw new DomainError('invalid-usage', `--runtime command wants --command; ${example}`);
}
