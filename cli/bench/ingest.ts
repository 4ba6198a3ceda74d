// The way in on the embedded stack, over HTTP: how many profiles a second, how long from the PUT until the target is
// predicted, with 1, 10 and 50 uploads in flight, and what one profile costs in S3 requests.
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { gunzipSync } from 'node:zlib';
import { apiClient, type Client } from '#client/client.ts';
import { operations } from '#contract/operations.ts';
import { issueToken } from '#core/access/issue-token.ts';
import { type LatencyTable, parseLatencyTable } from '#core/dataset/table.ts';
import { loadPredictor } from '#core/predictor/bundle.ts';
import { searchSpace } from '#core/search-space/registry.ts';
import { s3Client } from '#functions/shared/aws/s3-client.ts';
import { s3Store } from '#functions/shared/s3-store.ts';
import { synthesise } from '#scripts/synth.ts';
import { type Stack, startStack } from '#stack/stack.ts';
import { promote, publishPredictor } from '../../test/fixtures/served-predictor.ts';
import { readShippedPredictor } from '../start/read-shipped-predictor.ts';
import { fieldProfile } from './field-profile.ts';
import { quantileOf } from './statistics.ts';

export interface IngestLevel {
  readonly inFlight: number;
  readonly profiles: number;
  readonly profilesPerS: number;
  /** From the start of the PUT until a prediction for the new target is answered. */
  readonly predictableMs: { readonly median: number; readonly p99: number; readonly max: number };
}

export interface IngestBench {
  readonly levels: readonly IngestLevel[];
  /** Requests for one profile of a new target on warm functions, the device's PUT included. */
  readonly s3Requests: Readonly<Record<string, number>>;
}

const levels: readonly (readonly [inFlight: number, profiles: number])[] = [
  [1, 100],
  [10, 200],
  [50, 300],
];

/** Sends profiles through an embedded stack at several numbers in flight, and times each until it is predicted from. */
export async function benchIngest(onProgress: (text: string) => void = () => {}): Promise<IngestBench> {
  const folder = mkdtempSync(join(tmpdir(), 'sugarbush-bench-'));
  let finished = 0;
  const stack = await startStack({
    stateDir: join(folder, 'state'),
    port: 0,
    templateDir: (await synthesise()).folder,
    onReport: ({ functionKey }) => {
      if (functionKey === 'Ingest') finished++;
    },
  });
  try {
    const table = readTable();
    const bench = await prepare(stack, table);
    onProgress('warming up');
    await Promise.all(Array.from({ length: 12 }, (_, i) => bench.bring(`warm ${i}`)));
    const s3Requests = await countRequests(stack, bench, () => finished);
    const measured: IngestLevel[] = [];
    for (const [inFlight, profiles] of levels) {
      onProgress(`${profiles} profiles, ${inFlight} in flight`);
      measured.push(await level(bench, inFlight, profiles));
    }
    return { levels: measured, s3Requests };
  } finally {
    await stack.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

interface Bench {
  /** With the device's token. */
  readonly device: Client<typeof operations>;
  readonly table: LatencyTable;
  /** Uploads a profile of a new target and waits until it is predicted; ms. */
  bring(model: string): Promise<number>;
}

async function prepare(stack: Stack, table: LatencyTable): Promise<Bench> {
  const { s3Url: endpoint, region, credentials, buckets } = stack;
  const s3 = s3Client({ endpoint, region, credentials });
  const store = s3Store({ bucket: buckets['Data']!, client: s3 });
  const { bundle } = await readShippedPredictor();
  const predictor = await loadPredictor(bundle);
  await publishPredictor(store, bundle, predictor, Date.now());
  await promote(store, predictor.identity.version);
  await predictor.close();
  const tokenOf = async (role: 'reader' | 'operator'): Promise<string> =>
    (await issueToken(store, { role, validForS: 3600, now: Date.now(), randomBytes })).token;
  const reader = await tokenOf('reader');
  const client = apiClient({ api: stack.apiUrl, operations, token: await tokenOf('operator') });
  const { token } = await client.call('enrolDevice', { body: { name: 'bench' }, idempotencyKey: 'bench' });
  const device = client.as(token);
  s3.close();

  async function bring(model: string): Promise<number> {
    const { bytes, registration } = fieldProfile(table, model);
    const place = await device.call('registerUpload', { body: registration, idempotencyKey: registration.sha256 });
    const started = process.hrtime.bigint();
    await device.putUpload(place, bytes);
    let targetId: string | null = null;
    for (let pauseMs = 20; targetId === null; pauseMs = Math.min(1.5 * pauseMs, 250)) {
      await sleep(pauseMs);
      const { status, targetId: known, reason } = await device.call('showUpload', { path: { id: place.uploadId } });
      if (status === 'quarantined') throw new Error(`quarantined: ${reason?.code}`);
      targetId = known;
    }
    const body = { searchSpace: 'nasbench201', target: targetId, architectures: [table.texts[100]!] };
    await client.as(reader).call('predict', { body });
    return Number(process.hrtime.bigint() - started) / 1e6;
  }
  return { device, table, bring };
}

async function level({ bring }: Bench, inFlight: number, profiles: number): Promise<IngestLevel> {
  const ms: number[] = [];
  let next = 0;
  const started = performance.now();
  const worker = async (): Promise<void> => {
    while (next < profiles) ms.push(await bring(`level ${inFlight}, profile ${next++}`));
  };
  await Promise.all(Array.from({ length: inFlight }, worker));
  const seconds = (performance.now() - started) / 1000;
  const predictableMs = { median: quantileOf(ms, 0.5), p99: quantileOf(ms, 0.99), max: Math.max(...ms) };
  return { inFlight, profiles, profilesPerS: profiles / seconds, predictableMs };
}

/** Nothing else is asked meanwhile: the end is seen in the function's report, not in the status. */
async function countRequests(
  stack: Stack,
  { device, table }: Bench,
  finished: () => number,
): Promise<IngestBench['s3Requests']> {
  const { bytes, registration } = fieldProfile(table, 'counted');
  const before = { counts: stack.s3.counts(), finished: finished() };
  const place = await device.call('registerUpload', { body: registration, idempotencyKey: registration.sha256 });
  await device.putUpload(place, bytes);
  while (finished() === before.finished) await sleep(20);
  const after = stack.s3.counts();
  const changed = Object.entries(after).map(([operation, count]) => [
    operation,
    count - before.counts[operation as keyof typeof after],
  ]);
  return Object.fromEntries(changed.filter(([, count]) => count !== 0));
}

function readTable(): LatencyTable {
  const file = 'data/latency-nasbench201.csv.gz';
  const text = gunzipSync(readFileSync(new URL(`../../${file}`, import.meta.url))).toString('utf8');
  return parseLatencyTable(text, { file, space: searchSpace('nasbench201') });
}

/** The throughput and times of the way in as lines for a terminal. */
export function ingestTable({ levels: measured, s3Requests }: IngestBench): string {
  const lines = measured.map(({ inFlight, profiles, profilesPerS, predictableMs: { median, p99, max } }) =>
    [
      `${String(inFlight).padStart(3)} in flight`,
      `${String(profiles).padStart(4)} profiles`,
      `${profilesPerS.toFixed(1).padStart(6)} profiles/s`,
      `PUT to prediction: median ${median.toFixed(0)} ms, p99 ${p99.toFixed(0)} ms, longest ${max.toFixed(0)} ms`,
    ].join('  '),
  );
  const total = Object.values(s3Requests).reduce((sum, count) => sum + count, 0);
  const parts = Object.entries(s3Requests).map(([operation, count]) => `${count} ${operation}`);
  return [...lines, `S3 requests of one profile: ${total} (${parts.join(', ')})`].join('\n');
}
