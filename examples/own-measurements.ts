// Your own measurements, ten or more, from a CSV with a column `architecture` and one of milliseconds: sent as a
// profile, as a device sends it; predictions for the new target rest on it seconds later.
//
//   export SUGARBUSH_API=http://127.0.0.1:8787 SUGARBUSH_TOKEN=sb_…     (an operator's)
//   npx node examples/own-measurements.ts nasbench201 'My board' < examples/my-board.csv
import { createHash } from 'node:crypto';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { parse } from 'csv-parse/sync';
import { apiClient } from '#client/client.ts';
import { operations } from '#contract/operations.ts';
import { workloadOf } from '#core/search-space/workload.ts';

process.on('uncaughtException', ({ message }) => {
  console.error(message);
  process.exit(1);
});
const [searchSpace = 'nasbench201', model = 'My board'] = process.argv.slice(2);
const rows: Readonly<Record<string, string>>[] = parse(await text(process.stdin), { columns: true });
const columns = Object.keys(rows[0] ?? {});
const [latencyMs, ...more] = columns.filter((name) => name !== 'architecture');
if (!latencyMs || more.length > 0) throw new Error(`one column of ms is wanted; there are: ${columns.join(', ')}`);
const { SUGARBUSH_API: api = 'http://127.0.0.1:8787', SUGARBUSH_TOKEN: token } = process.env;
const operator = apiClient({ api, token, operations });
// docs/profile-format.md has every field; null is "not known", and whatever makes two numbers comparable belongs here.
const unknown = { frequencyMhz: null, load1: null, temperatureC: null };
const profile = {
  schemaVersion: 2,
  target: {
    hardware: { vendor: null, model, cpu: null, cores: null, memoryMib: null, accelerator: null },
    runtime: { name: null, version: null, executionProvider: null, settings: {} },
    precision: null,
  },
  context: {
    ...{ agentVersion: 'own-measurements 1', deviceId: null, kernel: null, governor: null, before: unknown },
    after: unknown,
    clock: { source: null, resolutionNs: null, startedAt: null, endedAt: null },
  },
  workloads: [workloadOf({ searchSpace })],
  descriptor: null,
  measurements: rows.map((row) => ({
    architecture: row['architecture'],
    latency: { medianMs: Number(row[latencyMs]), trimmedMeanMs: null, spreadMs: null },
    ...{ workload: 0, runs: null, stable: null },
  })),
};
const bytes = gzipSync(JSON.stringify(profile));
const sha256 = createHash('sha256').update(bytes).digest('hex');
// The same name is the same device, however often this runs.
const idempotencyKey = `own-${createHash('sha256').update(model).digest('hex').slice(0, 32)}`;
const device = operator.as((await operator.call('enrolDevice', { body: { name: model }, idempotencyKey })).token);
const place = await device.call('registerUpload', { body: { sizeBytes: bytes.length, sha256 } });
await device.putUpload(place, bytes);
const show = () => device.call('showUpload', { path: { id: place.uploadId } });
let upload = await show();
for (; upload.status === 'waiting'; upload = await show()) await sleep(500);
if (upload.status === 'accepted') console.log(`${upload.targetId}\t${upload.measurements} measurements`);
else throw new Error(`quarantined: ${upload.reason?.code}: ${upload.reason?.message}`);
