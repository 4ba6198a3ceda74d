// Prints the lower quartile of a model's time on ONNX Runtime over about a second, ms: `node time-canary.ts MODEL`.
import { availableParallelism } from 'node:os';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { quantile } from '#core/statistics/quantile.ts';

const threads = availableParallelism();
const session = await InferenceSession.create(process.argv[2]!, {
  intraOpNumThreads: threads,
  interOpNumThreads: 1,
});
const feeds = Object.fromEntries(
  session.inputMetadata.map((input) => {
    if (!input.isTensor) throw new Error(`${input.name} is no tensor`);
    const shape = input.shape.map(Number);
    const size = shape.reduce((product, extent) => product * extent, 1);
    return [input.name, new Tensor('float32', new Float32Array(size).fill(0.5), shape)];
  }),
);
const timesMs: number[] = [];
const warmMs = performance.now() + 200;
while (performance.now() < warmMs) await session.run(feeds);
const endMs = performance.now() + 800;
while (performance.now() < endMs) {
  const startMs = performance.now();
  await session.run(feeds);
  timesMs.push(performance.now() - startMs);
}
process.stdout.write(String(quantile(Float64Array.from(timesMs).sort(), 0.25)));
