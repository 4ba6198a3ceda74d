// An embedded stack with much in it: what makes requests expensive. Everything comes in as it does in use where that is
// quick; the many are copies.
import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { gunzipSync, gzipSync } from 'node:zlib';
import { apiClient } from '#client/client.ts';
import { operations } from '#contract/operations.ts';
import { issueToken } from '#core/access/issue-token.ts';
import { parseLatencyTable } from '#core/dataset/table.ts';
import { registerModel } from '#core/models/register-model.ts';
import { modelLimits } from '#core/models/submitted-graph.ts';
import { predictorKey } from '#core/predictors/keys.ts';
import { searchSpace } from '#core/search-space/registry.ts';
import { predictionLimits } from '#core/serve/predict-latencies.ts';
import type { Store } from '#core/store/store.ts';
import { adaptationKey, targetKey } from '#core/targets/keys.ts';
import { runKey } from '#core/training/keys.ts';
import { s3Client } from '#functions/shared/aws/s3-client.ts';
import { s3Store } from '#functions/shared/s3-store.ts';
import { exampleProfile } from '#scripts/build-profile-fixtures.ts';
import type { Stack } from '#stack/stack.ts';
import { seedPredictor } from '../../start/shipped-predictor.ts';
import type { FilledStore } from './cases.ts';
import { longestChain, mostReads, movedTransposes } from './largest-graphs.ts';

/** Rows of a listing's page, and a few more. */
const listed = 210;
const measuredNetworks = 1000;
/** A report of two megabytes, more than any that there was. */
const reportLines = 2e6 / 16;

export interface Filling {
  readonly stored: FilledStore;
  /** Names of targets among which the nearest are sought, of the greatest length. They are names only: whoever reads
   * what is behind one finds nothing. */
  addNames(count: number): Promise<void>;
}

/** Fills the stack's data bucket. */
export async function fillStack(stack: Stack): Promise<Filling> {
  const { s3Url: endpoint, region, credentials, buckets } = stack;
  const store = s3Store({ bucket: buckets['Data']!, client: s3Client({ endpoint, region, credentials }) });
  const version = (await seedPredictor(store, Date.now))!;
  const issue = (role: 'reader' | 'operator') =>
    issueToken(store, { role, validForS: 3600, now: Date.now(), randomBytes });
  const operator = apiClient({ api: stack.apiUrl, operations, token: (await issue('operator')).token });
  const architectures = nasbench201Texts();
  await store.put(
    predictorKey(version, 'report.html'),
    new TextEncoder().encode('<p>a report</p>\n'.repeat(reportLines)),
  );

  const enrolled = await operator.call('enrolDevice', { body: { name: 'measures' } });
  const device = operator.as(enrolled.token);
  const bytes = gzipSync(JSON.stringify(profileOf(architectures.slice(0, measuredNetworks))));
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const place = await device.call('registerUpload', { body: { sizeBytes: bytes.length, sha256 } });
  await device.putUpload(place, bytes);
  const measuredTarget = await finished('the processing of the upload', async () => {
    const { status, targetId } = await device.call('showUpload', { path: { id: place.uploadId } });
    if (status === 'quarantined') throw new Error('the profile was quarantined');
    return targetId ?? undefined;
  });
  const runId = (await operator.call('startTrainingRun', { body: { steps: 20, repeats: 1 } })).run.runId;
  await finished('the training run', async () => {
    const { run } = await operator.call('showTrainingRun', { path: { id: runId } });
    return run.status === 'running' ? undefined : run.status;
  });

  const targets = Array.from({ length: predictionLimits.targets }, (_, i) => longName(`0${i}`));
  await copies(store, adaptationKey(version, measuredTarget), targets, (id) => adaptationKey(version, id));
  const manyTargets = [...targets, ...Array.from({ length: listed - targets.length }, (_, i) => longName(`1${i}`))];
  await copies(store, targetKey(measuredTarget), manyTargets, targetKey, (text, id) =>
    text.replaceAll(JSON.stringify(measuredTarget), JSON.stringify(id)),
  );
  const runs = Array.from({ length: listed }, () => `${runId}-${randomUUID().slice(0, 8)}`);
  await copies(store, runKey(runId), runs, runKey, (text, id) =>
    text.replaceAll(JSON.stringify(runId), JSON.stringify(id)),
  );
  const devices: string[] = [];
  const tokens: string[] = [];
  await atOnce(
    Array.from({ length: listed }, (_, i) => i),
    async (i) => {
      tokens.push((await issue('reader')).record.tokenId);
      if (i < 3) devices.push((await operator.call('enrolDevice', { body: { name: `device ${i}` } })).device.deviceId);
    },
  );

  const stored: FilledStore = {
    version,
    targets,
    measuredTarget,
    models: await registered(store),
    deviceIds: devices,
    tokenIds: tokens,
    uploadId: place.uploadId,
    uploaderId: enrolled.device.deviceId,
    runId,
    architectures: Array.from(
      { length: predictionLimits.architectures + 1 },
      (_, i) => architectures[i % architectures.length]!,
    ),
  };
  return {
    stored,
    addNames: (count) =>
      atOnce(
        Array.from({ length: count }, (_, i) => longName(`z${i}`)),
        async (id) => void (await store.put(targetKey(id), new TextEncoder().encode('{}'))),
      ),
  };
}

async function registered(store: Store): Promise<FilledStore['models']> {
  const graphs = [
    { what: `a chain of ${modelLimits.nodes} nodes`, graph: longestChain() },
    { what: 'one tensor, read half a million times', graph: mostReads() },
    { what: 'transposes on ways that part and meet', graph: movedTransposes() },
  ];
  return Promise.all(graphs.map(async (each) => ({ ...each, model: (await registerModel(store, each.graph)).model })));
}

/** 128 letters, digits and hyphens: the longest name there may be. */
const longName = (start: string): string =>
  `${start}-${createHash('sha512').update(start).digest('hex')}`.padEnd(128, '-').slice(0, 128);

function nasbench201Texts(): readonly string[] {
  const file = 'data/latency-nasbench201.csv.gz';
  const text = gunzipSync(readFileSync(new URL(`../../../${file}`, import.meta.url))).toString('utf8');
  return parseLatencyTable(text, { file, space: searchSpace('nasbench201') }).texts;
}

function profileOf(architectures: readonly string[]): unknown {
  return {
    ...exampleProfile,
    workloads: [{ searchSpace: 'nasbench201', inputSize: 32, batchSize: 1 }],
    descriptor: null,
    measurements: architectures.map((architecture, i) => ({
      workload: 0,
      architecture,
      latency: { medianMs: 5 + (i % 7), trimmedMeanMs: null, spreadMs: null },
      runs: 50,
      stable: true,
    })),
  };
}

async function copies(
  store: Store,
  from: string,
  ids: readonly string[],
  key: (id: string) => string,
  change: (text: string, id: string) => string = (text) => text,
): Promise<void> {
  const text = new TextDecoder().decode((await store.get(from))!.body);
  await atOnce(ids, async (id) => void (await store.put(key(id), new TextEncoder().encode(change(text, id)))));
}

async function atOnce<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const waiting = [...items];
  const worker = async (): Promise<void> => {
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) await work(next);
  };
  await Promise.all(Array.from({ length: 16 }, worker));
}

const askEveryMs = 100;
/** Ten minutes, on a busy machine. */
const mostAsked = 6000;

/** Asks until there is an answer. */
async function finished<T>(what: string, ask: () => Promise<T | undefined>): Promise<T> {
  for (let asked = 0; asked < mostAsked; asked++) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    await sleep(askEveryMs);
  }
  throw new Error(`${what} has not ended after ${(mostAsked * askEveryMs) / 60_000} minutes`);
}
