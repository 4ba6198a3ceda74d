// What snapshot, evaluation and adaptation cost with ever more targets: time, peak memory and S3 requests, each size in a
// process of its own. `node scripts/bench/training-scale.ts [10,100,1000,10000]` prints a table; `--one N` is one size.
// Targets are simulated devices of 40 NAS-Bench-201 measurements, so that 10,000 of them are 400,000 measurements; one in
// ten has 200, which is enough to be learned from.
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Store, StoredObject } from '#core/dataset/store.ts';
import { targetId as targetIdOf } from '#core/dataset/target-id.ts';
import { DomainError } from '#core/errors.ts';
import { featureSchemaId, loadPredictor } from '#core/predictor/bundle.ts';
import { evaluate } from '#core/predictor/evaluate.ts';
import { seededRandom } from '#core/random.ts';
import { searchSpace } from '#core/search-space/registry.ts';
import { measurementsKey, predictorKey } from '#core/service/keys.ts';
import { registerTarget } from '#core/service/register-target.ts';
import { writeJson } from '#core/service/stored-json.ts';
import { adaptBatch, planAdaptation } from '#core/training/adapt-all.ts';
import { evaluationPlan, mostFoldTargets } from '#core/training/evaluate-fold.ts';
import { type FitSpec, fitIdOf } from '#core/training/fit-spec.ts';
import { fitStep } from '#core/training/fit-step.ts';
import { freezeSnapshot } from '#core/training/freeze-snapshot.ts';
import { fitKey } from '#core/training/keys.ts';
import { readMeasurements } from '#core/training/snapshot.ts';
import { trainingPool } from '#core/training/training-pool.ts';

const space = searchSpace('nasbench201');

interface Measured {
  readonly step: string;
  readonly targets: number;
  readonly seconds: number;
  readonly rssMiB: number;
  readonly requests: number;
}

/** A Map with the requests counted; bodies compressed away from what a Lambda would hold are outside the heap anyway. */
function countingStore(): Store & { requests: number } {
  const objects = new Map<string, Uint8Array>();
  let order: string[] | undefined;
  const etagOf = (body: Uint8Array): string => createHash('md5').update(body).digest('hex');
  const store = {
    requests: 0,
    get: (async (key: string): Promise<StoredObject | undefined> => {
      store.requests++;
      const body = objects.get(key);
      return body && { body, etag: etagOf(body) };
    }) as Store['get'],
    async put(key: string, body: Uint8Array, condition: Parameters<Store['put']>[2] = {}) {
      store.requests++;
      const before = objects.get(key);
      const holds =
        (condition.ifNoneMatch === undefined || !before) &&
        (condition.ifMatch === undefined || (before && etagOf(before) === condition.ifMatch));
      if (!holds) throw new DomainError('precondition-failed', key);
      if (!before) order = undefined;
      objects.set(key, body);
      return { etag: etagOf(body) };
    },
    async *list(prefix: string, after = '') {
      order ??= [...objects.keys()].sort();
      let listed = 0;
      for (const key of order) {
        if (!key.startsWith(prefix) || key <= after) continue;
        // A page of S3 holds a thousand keys.
        if (listed++ % 1000 === 0) store.requests++;
        yield key;
      }
    },
    async delete(key: string) {
      objects.delete(key);
    },
  };
  return store;
}

async function fill(store: Store, count: number): Promise<void> {
  const random = seededRandom(3);
  const all = [...space.enumerate!()].filter((a) => space.isConnected(a));
  const texts = all.map((a) => space.format(a));
  const simulator = space.simulator(all);
  for (let i = 0; i < count; i++) {
    const rows = random.choose(all.length, i % 10 === 0 ? 200 : 40).sort();
    const latency = simulator.draw(random, rows);
    const hardware = {
      vendor: null,
      model: `Board ${i >> 1}`,
      cpu: null,
      cores: 4,
      memoryMib: 4096,
      accelerator: 'none',
    };
    const runtime = {
      name: 'onnxruntime',
      version: '1.30.0',
      executionProvider: 'cpu',
      settings: { threads: 1 + (i % 2) },
    };
    const workload = { searchSpace: space.id, inputSize: 32, batchSize: 1, precision: 'fp32' } as const;
    const target = { hardware, runtime, workload };
    const targetId = targetIdOf(target);
    const order = [...rows.keys()].sort((a, b) => (texts[rows[a]!]! < texts[rows[b]!]! ? -1 : 1));
    const sha256 = createHash('sha256').update(targetId).digest('hex');
    const [acceptedAt, deviceId] = ['2026-01-01T00:00:00.000Z', `device-${i}`];
    const profile = { sha256, deviceId, acceptedAt, agentVersion: 'bench', startedAt: null, excluded: {} };
    await writeJson(store, measurementsKey(space.id, targetId), {
      formatVersion: 1,
      targetId,
      target,
      profiles: [profile],
      architectures: order.map((at) => texts[rows[at]!]),
      values: order.map((at, row) => [row, 0, 5 * latency[at]!]),
      descriptor: null,
    });
    const facts = { searchSpace: space.id, targetId, title: targetId, source: 'device', quality: 'good' } as const;
    await registerTarget(
      store,
      { ...facts, measurements: rows.length, excluded: {}, target, profiles: 1, devices: [deviceId] },
      i,
    );
  }
}

async function one(targets: number): Promise<Measured[]> {
  const store = countingStore();
  await fill(store, targets);
  const results: Measured[] = [];
  async function measure<T>(step: string, of: number, work: () => Promise<T>): Promise<T> {
    globalThis.gc?.();
    const [before, started] = [store.requests, performance.now()];
    let most = process.memoryUsage.rss();
    const watching = setInterval(() => {
      most = Math.max(most, process.memoryUsage.rss());
    }, 20);
    const result = await work();
    clearInterval(watching);
    most = Math.max(most, process.memoryUsage.rss());
    const seconds = (performance.now() - started) / 1000;
    results.push({ step, targets: of, seconds, rssMiB: most / 2 ** 20, requests: store.requests - before });
    return result;
  }
  const manifest = await measure('snapshot', targets, () => freezeSnapshot(store, space.id));
  const pool = await measure('read snapshot', targets, async () =>
    trainingPool(space, manifest, await readMeasurements(store, manifest)),
  );
  const spec: FitSpec = {
    formatVersion: 1,
    searchSpace: space.id,
    snapshotId: manifest.snapshotId,
    features: featureSchemaId(space),
    heldOut: [],
    only: null,
    seed: 0,
    steps: 25,
    stepsPerCall: 25,
  };
  const fitId = fitIdOf(spec);
  await writeJson(store, fitKey(space.id, fitId, 'spec.json'), spec);
  await measure('fit, 25 steps', pool.targets.length, () =>
    fitStep(store, space.id, fitId, { now: Date.now, deadlineMs: Number.POSITIVE_INFINITY }),
  );
  const onnx = (await store.get(fitKey(space.id, fitId, 'predictor.onnx')))!.body;
  const json = (await store.get(fitKey(space.id, fitId, 'predictor.json')))!.body;
  const predictor = await loadPredictor({ onnx, json });
  const evaluated = pool.targets
    .filter(
      ({ latencyMs }) =>
        latencyMs.subarray(0, Math.min(900, pool.trained)).filter((v) => !Number.isNaN(v)).length >= 20,
    )
    .slice(0, mostFoldTargets);
  if (evaluated.length > 0) {
    const plan = evaluationPlan(pool, evaluated, { seeds: [0], steps: 25, folds: 4, repeats: 5 });
    await measure('evaluate a fold', evaluated.length, () => evaluate(predictor, { ...plan, methods: ['sugarbush'] }));
  }
  const { version } = predictor.identity;
  await store.put(predictorKey(space.id, version, 'predictor.onnx'), onnx);
  await store.put(predictorKey(space.id, version, 'predictor.json'), json);
  await predictor.close();
  const batches = await planAdaptation(store, space.id);
  const [batch] = batches;
  await measure(`adapt a batch of ${batches.length}`, batch!.count, () => adaptBatch(store, space.id, version, batch!));
  return results;
}

const sizes = (process.argv[2] ?? '10,100,1000,10000').split(',');
if (process.argv[2] === '--one') {
  console.log(JSON.stringify(await one(Number(process.argv[3]))));
} else {
  console.log('| targets in the dataset | step | of targets | seconds | peak MiB | S3 requests |');
  console.log('| --: | --- | --: | --: | --: | --: |');
  for (const size of sizes) {
    const script = fileURLToPath(import.meta.url);
    const { stdout } = await promisify(execFile)(process.execPath, ['--expose-gc', script, '--one', size]);
    for (const { step, targets, seconds, rssMiB, requests } of JSON.parse(stdout) as Measured[]) {
      console.log(`| ${size} | ${step} | ${targets} | ${seconds.toFixed(2)} | ${rssMiB.toFixed(0)} | ${requests} |`);
    }
  }
}
