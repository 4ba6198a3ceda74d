// The only file that imports onnxruntime-node. The library is found by require, because a Lambda layer's modules stand
// on NODE_PATH, which ES modules do not look at. One thread a session: parallelism is over workers and processes.
import { createRequire } from 'node:module';
import type { InferenceSession, Tensor } from 'onnxruntime-node';
import { DomainError } from '#core/errors.ts';
import { loadQuietly } from './quiet-environment.ts';

type OnnxRuntime = typeof import('onnxruntime-node');

let runtime: OnnxRuntime | undefined;

/** Loads the native library on first use (17–100 ms), its telemetry off. */
export function onnxRuntime(): OnnxRuntime {
  if (runtime === undefined) {
    runtime = loadQuietly(() => createRequire(import.meta.url)('onnxruntime-node') as OnnxRuntime, process.env);
    // Sessions say so each; this is for what the library warns of before the first one.
    runtime.env.logLevel = 'error';
  }
  return runtime;
}

/** @throws DomainError `invalid-predictor` when the bytes are not a model that ONNX Runtime loads. */
export async function createSession(model: Uint8Array): Promise<InferenceSession> {
  try {
    return await onnxRuntime().InferenceSession.create(model, {
      intraOpNumThreads: 1,
      interOpNumThreads: 1,
      logSeverityLevel: 3,
    });
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new DomainError('invalid-predictor', `ONNX Runtime cannot load the model: ${reason}`, { cause });
  }
}

/** A tensor for ONNX Runtime over this array, without a copy. */
export const float32Tensor = (data: Float32Array, shape: readonly number[]): Tensor =>
  new (onnxRuntime().Tensor)('float32', data, shape);
