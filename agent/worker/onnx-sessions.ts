// ONNX Runtime, native and WebAssembly, behind the one thing that measuring needs: run a model with random input, again
// and again. In the measuring process only.
import { readFileSync } from 'node:fs';
import type { Tensor } from '#core/graph/operator-graph.ts';
import { seededRandom } from '#core/random.ts';
import type { GraphOptimization, Job } from './job.ts';
import { requireModule } from './load-module.ts';
import { type InputData, randomInput } from './random-input.ts';

export interface MeasuredSession {
  readonly version: string | null;
  /** One inference. */
  run(): Promise<unknown>;
  /** Writes what was profiled; for a job that says where to. */
  endProfile(): void;
}

// The part of both packages that is used here (their own types need a browser's).
interface OnnxModule {
  readonly env?: { wasm?: { numThreads?: number }; versions?: Record<string, string | undefined> };
  readonly Tensor: new (type: string, data: InputData, shape: readonly number[]) => unknown;
  readonly InferenceSession: {
    create(model: Uint8Array, options: Record<string, unknown>): Promise<OnnxSession>;
  };
}

interface OnnxSession {
  readonly inputMetadata: readonly { readonly name: string; readonly shape?: readonly (number | string)[] }[];
  run(feeds: Record<string, unknown>): Promise<unknown>;
  endProfiling(): void;
}

const levels: Readonly<Record<GraphOptimization, string>> = {
  disabled: 'disabled',
  basic: 'basic',
  extended: 'extended',
  all: 'all',
};

/** Opens a model in the runtime that a job names; inputs are random, the same for the same seed. */
export async function openOnnxSession(job: Job): Promise<MeasuredSession> {
  const onnx = requireModule(job.runtime === 'onnxruntime' ? 'onnxruntime-node' : 'onnxruntime-web') as OnnxModule;
  if (job.runtime === 'onnxruntime-web' && onnx.env?.wasm !== undefined) onnx.env.wasm.numThreads = job.threads;
  const session = await onnx.InferenceSession.create(readFileSync(job.modelPath), {
    executionProviders: [job.runtime === 'onnxruntime' ? 'cpu' : 'wasm'],
    graphOptimizationLevel: levels[job.graphOptimization],
    intraOpNumThreads: job.threads,
    interOpNumThreads: 1,
    executionMode: 'sequential',
    logSeverityLevel: 3,
    ...(job.profileTo !== undefined && { enableProfiling: true, profileFilePrefix: job.profileTo }),
  });
  const random = seededRandom(job.seed);
  const feeds = Object.fromEntries(
    inputsOf(job, session).map(({ name, type, shape }) => {
      const count = shape.reduce((product, dimension) => product * dimension, 1);
      return [name, new onnx.Tensor(type, randomInput(type, count, random), shape)];
    }),
  );
  const version = onnx.env?.versions?.[job.runtime === 'onnxruntime' ? 'node' : 'web'] ?? null;
  return { version, run: () => session.run(feeds), endProfile: () => session.endProfiling() };
}

function inputsOf({ inputs }: Job, { inputMetadata }: OnnxSession): readonly Tensor[] {
  return (
    inputs ??
    inputMetadata.map(({ name, shape = [] }) => ({
      name,
      type: 'float32',
      shape: shape.map((dimension) => (typeof dimension === 'number' ? dimension : 1)),
    }))
  );
}
