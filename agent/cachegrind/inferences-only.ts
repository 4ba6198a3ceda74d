// A program that does nothing but inferences: what cachegrind counts. It is handed to a Node of its own as text, for
// Node counts the same each time only without a compiler of its own, and then loads nothing that has to be compiled:
// neither the agent nor TypeScript. So this function names nothing outside itself.

export interface InferencesOnly {
  /** File of the package onnxruntime-node. */
  readonly modulePath: string;
  readonly modelPath: string;
  readonly graphOptimization: string;
  readonly runs: number;
}

// The part of the package that is used here.
interface Onnx {
  readonly Tensor: new (type: string, data: Float32Array, shape: readonly number[]) => unknown;
  readonly InferenceSession: {
    create(
      model: string,
      options: object,
    ): Promise<{
      readonly inputMetadata: readonly { readonly name: string; readonly shape: readonly (number | string)[] }[];
      run(feeds: Record<string, unknown>): Promise<unknown>;
    }>;
  };
}

async function inferencesOnly({ modulePath, modelPath, graphOptimization, runs }: InferencesOnly): Promise<void> {
  const { require: load } = globalThis as unknown as { require: (path: string) => Onnx };
  const onnx = load(modulePath);
  const session = await onnx.InferenceSession.create(modelPath, {
    executionProviders: ['cpu'],
    graphOptimizationLevel: graphOptimization,
    intraOpNumThreads: 1,
    interOpNumThreads: 1,
    executionMode: 'sequential',
    logSeverityLevel: 3,
  });
  const feeds: Record<string, unknown> = {};
  for (const { name, shape } of session.inputMetadata) {
    const sizes = shape.map((size) => (typeof size === 'number' ? size : 1));
    const data = new Float32Array(sizes.reduce((product, size) => product * size, 1));
    for (let i = 0; i < data.length; i++) data[i] = ((i * 7919) % 2048) / 1024 - 1;
    feeds[name] = new onnx.Tensor('float32', data, sizes);
  }
  for (let run = 0; run < runs; run++) await session.run(feeds);
  process.exit(0);
}

/** Nothing random, nothing at a time of its own choosing: two runs of the same differ by some hundred instructions. */
const sameEachTime = ['--jitless', '--predictable', '--single-threaded', '--hash-seed=1', '--random-seed=1'];

/** Node with the program. It ends with code 0 after the last inference. */
export const inferencesCommand = (job: InferencesOnly): string[] => {
  const failed = 'error => { console.error(error); process.exit(1); }';
  const script = `(${inferencesOnly.toString()})(${JSON.stringify(job)}).catch(${failed})`;
  return [process.execPath, ...sameEachTime, '-e', script];
};
