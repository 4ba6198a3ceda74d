// Writes test/fixtures/kernel-truth/onnxruntime.json.gz: the nodes of ONNX Runtime's own optimised graphs at its four
// levels, for 200 NAS-Bench-201 cells, 50 FBNet and 50 Once-for-All networks and the zoo. Lowerings are tested against
// it.
//
//   node scripts/make-kernel-truth.ts [--done FILE]
//
// Prints how well the lowerings agree with it. FILE (JSON lines) takes each network as soon as it is finished; a second
// run with it goes on where the first ended. // About 20 minutes of one core; at most 1.5 GB of temporary files at a
// time.
import { type ChildProcess, fork } from 'node:child_process';
import { appendFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { gzipSync } from 'node:zlib';
import { agreementOf, agreementTable } from './kernel-truth/agreement.ts';
import { type Finished, fixtureOf } from './kernel-truth/fixture.ts';

import { blockOfThisMachine, levels, type TruthJob, type TruthOutcome } from './kernel-truth/job.ts';
import { truthNetworks, truthSets } from './kernel-truth/networks.ts';

const fixture = fileURLToPath(new URL('../test/fixtures/kernel-truth/onnxruntime.json.gz', import.meta.url));
const workerFile = fileURLToPath(new URL('./kernel-truth/worker.ts', import.meta.url));

let worker: ChildProcess | undefined;

/** One job in the worker; a new worker where the last one ended. */
function run(job: TruthJob): Promise<TruthOutcome> {
  worker ??= fork(workerFile, { env: { ...process.env, ORT_DISABLE_TELEMETRY: '1' } });
  const current = worker;
  return new Promise((resolve) => {
    const ended = (code: number | null): void => {
      worker = undefined;
      resolve({ refused: `the process ended with code ${code}` });
    };
    current.once('exit', ended);
    current.once('message', (outcome: TruthOutcome) => {
      current.off('exit', ended);
      resolve(outcome);
    });
    current.send(job);
  });
}

const { done } = parseArgs({ options: { done: { type: 'string' } } }).values;
const finished = new Map<string, Finished>();
if (done !== undefined && existsSync(done)) {
  for (const line of readFileSync(done, 'utf8').trimEnd().split('\n')) {
    const entry = JSON.parse(line) as Finished;
    finished.set(`${entry.set} ${entry.name}`, entry);
  }
}

const folder = mkdtempSync(join(tmpdir(), 'kernel-truth-'));
const block = blockOfThisMachine();
const order: string[] = [];
for (const { set, graph } of truthNetworks()) {
  const key = `${set} ${graph.name}`;
  order.push(key);
  if (finished.has(key)) continue;
  const outcome = await run({ graph, folder, block });
  const entry: Finished = { set, name: graph.name, outcome };
  finished.set(key, entry);
  if (done !== undefined) appendFileSync(done, `${JSON.stringify(entry)}\n`);
  console.log(`${order.length} ${key} ${'refused' in outcome ? outcome.refused : outcome.lines.all.length}`);
}
worker?.kill();
rmSync(folder, { recursive: true });

const { version } = createRequire(import.meta.url)('onnxruntime-node/package.json') as { version: string };
const entries = order.map((key) => finished.get(key)!);
const content = fixtureOf(entries, { runtime: `onnxruntime-node ${version}`, block, levels });
mkdirSync(join(fixture, '..'), { recursive: true });
const bytes = gzipSync(JSON.stringify(content), { level: 9 });
writeFileSync(fixture, bytes);
console.log(`${entries.length} networks, ${content.lines.length} different nodes, ${bytes.length} bytes → ${fixture}`);

const graphs = new Map(Array.from(truthNetworks(), ({ set, graph }) => [`${set} ${graph.name}`, graph] as const));
const rows = levels.flatMap((level) => truthSets.map((set) => agreementOf(content, graphs, set, level)));
console.log(agreementTable(rows));
