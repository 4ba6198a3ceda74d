// The runtimes there are, by name.
import { DomainError } from '#core/errors.ts';
import { commandRuntime } from './command.ts';
import { onnxRuntimeNode, onnxRuntimeWeb } from './onnxruntime.ts';
import type { Detection, Runtime, RuntimeName } from './runtime.ts';
import { tensorrt } from './tensorrt.ts';
import { tflite } from './tflite.ts';

export interface RuntimeChoice {
  readonly name: RuntimeName;
  /** Path of a runtime's own program, where it is not on PATH. */
  readonly program?: string | undefined;
  /** Words of the runtime `command`. */
  readonly command?: string | undefined;
}

/** @throws DomainError `invalid-usage` when the runtime `command` has no command */
export function createRuntime({ name, program, command }: RuntimeChoice): Runtime {
  switch (name) {
    case 'onnxruntime':
      return onnxRuntimeNode;
    case 'onnxruntime-web':
      return onnxRuntimeWeb;
    case 'tensorrt':
      return tensorrt(program);
    case 'tflite':
      return tflite(program);
    case 'command':
      if (command === undefined) {
        throw new DomainError(
          'invalid-usage',
          "--runtime command wants --command; such as: --command './measure.sh --fast'",
        );
      }
      return commandRuntime(command.trim().split(/\s+/));
  }
}

export async function detectRuntimes(): Promise<Record<RuntimeName, Detection>> {
  const [onnxruntime, web, trt, lite] = await Promise.all([
    onnxRuntimeNode.detect(),
    onnxRuntimeWeb.detect(),
    tensorrt().detect(),
    tflite().detect(),
  ]);
  const command: Detection = { found: false, reason: 'any program of yours: --runtime command --command WORDS' };
  return { onnxruntime, 'onnxruntime-web': web, tensorrt: trt, tflite: lite, command };
}
