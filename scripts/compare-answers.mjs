// Runs networks of every search space on ONNX Runtime and holds their answers against those of another kind of
// processor, which it writes where there are none: node scripts/compare-answers.mjs FILE, first on one, then on the
// other. In JavaScript, for a Node that is emulated.
import { readFileSync, writeFileSync } from 'node:fs';
import { env, InferenceSession, Tensor } from 'onnxruntime-node';

// As core/onnx/session.ts.
env.logLevel = 'error';

const file = process.argv[2];
const { models, answers } = JSON.parse(readFileSync(file, 'utf8'));
const isFirst = answers === undefined;
const made = [];
let worst = 0;
for (const [i, { name, base64 }] of models.entries()) {
  const session = await InferenceSession.create(Buffer.from(base64, 'base64'), { intraOpNumThreads: 1 });
  const { name: input, shape } = session.inputMetadata[0];
  const count = shape.reduce((product, size) => product * size, 1);
  const data = Float32Array.from({ length: count }, (_, at) => ((at * 7919) % 1000) / 500 - 1);
  const output = Object.values(await session.run({ [input]: new Tensor('float32', data, shape) }))[0];
  made.push([...output.data]);
  if (isFirst) continue;
  const scale = Math.max(...answers[i].map(Math.abs), 1e-30);
  const difference = Math.max(...answers[i].map((value, at) => Math.abs(value - made[i][at]))) / scale;
  worst = Math.max(worst, difference);
  if (!(difference < 1e-4)) {
    process.stderr.write(`${name}: differs by ${difference} of the largest value\n`);
    process.exitCode = 1;
  }
}
if (isFirst) writeFileSync(file, JSON.stringify({ models, answers: made }));
process.stdout.write(`${models.length} networks, largest difference ${worst.toExponential(1)}\n`);
