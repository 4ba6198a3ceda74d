// The way in under load and faults: many uploads at once with every event delivered twice, writers racing on one
// target, the ingest process killed at each of its writes, and a store that fails until an operator sends the event
// again.
import { readdirSync, readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { mergeMeasurements } from '#core/dataset/merge-measurements.ts';
import { targetDataSchema } from '#core/dataset/target-data.ts';
import { readAliases } from '#core/predictors/aliases.ts';
import { readJson } from '#core/store/stored-json.ts';
import { observedAdaptationSchema } from '#core/targets/kept-adaptation.ts';
import { adaptationKey, measurementsKey, targetKey } from '#core/targets/keys.ts';
import { targetRecordSchema } from '#core/targets/target-record.ts';
import { s3Client } from '#functions/shared/aws/s3-client.ts';
import { s3Store } from '#functions/shared/s3-store.ts';
import type { InvocationReport } from '#stack/lambda/invocation.ts';
import type { Fault, FaultRequest } from '#stack/s3/server.ts';
import {
  type Device,
  type FieldStack,
  profileOf,
  put,
  type Registered,
  rowsFrom,
  startFieldStack,
} from './field-stack.ts';
import { patientLimits } from './patient-assembly.ts';

// What is waited for comes; how soon, a busy machine decides.
vi.setConfig({ testTimeout: 600_000, hookTimeout: 600_000 });
const patient = { timeout: 180_000, interval: 100 };

let field: FieldStack;
let faultOf: (request: FaultRequest) => Fault | undefined = () => undefined;
const reports: InvocationReport[] = [];

beforeAll(async () => {
  field = await startFieldStack({
    predictor: 'shipped',
    eventDeliveries: 2,
    maxSandboxes: 4,
    retryDelaysMs: [200, 400],
    s3Faults: (request) => faultOf(request),
    onReport: (report) => reports.push(report),
  });
});
afterAll(() => field?.close());

/** Everything that is kept of a target, checked against each other. */
async function keptOf(targetId: string) {
  const data = (await readJson(field.data, measurementsKey(targetId), targetDataSchema))!.value;
  const record = (await readJson(field.data, targetKey(targetId), targetRecordSchema))!.value;
  const { champion } = (await readAliases(field.data))!.value;
  const key = adaptationKey(champion, targetId);
  const adaptation = (await readJson(field.data, key, observedAdaptationSchema))!.value;
  expect(record.profiles).toBe(data.profiles.length);
  expect(adaptation.dataRevision).toBe(data.profiles.length);
  const merged = mergeMeasurements(data);
  expect(record.measurements).toBe(merged.length);
  expect(adaptation.measurements).toBe(merged.length);
  const profiles: string[] = [];
  for await (const each of field.data.list(`profiles/${targetId}/`)) profiles.push(each);
  expect(profiles).toEqual(data.profiles.map(({ sha256 }) => `profiles/${targetId}/${sha256}.json.gz`));
  return { data, merged, record };
}

/** At most so many at once. */
async function each<T, R>(items: readonly T[], atOnce: number, work: (item: T, index: number) => Promise<R>) {
  const results: R[] = [];
  const waiting = [...items.entries()];
  await Promise.all(
    Array.from({ length: atOnce }, async () => {
      for (let next = waiting.shift(); next; next = waiting.shift()) results[next[0]] = await work(next[1], next[0]);
    }),
  );
  return results;
}

test('of 80 uploads at once, each event delivered twice, none is lost and none doubled', async () => {
  const targets = ['titanx_1', 'gold_6240', '2080ti_1', 'titanxp_1', 'titan_rtx_1'];
  const devices = await each(rowsFrom(0, 10), 5, (i) => field.enrol(`device ${i}`));
  // Sixteen profiles a target, of five architectures each: each architecture four times.
  const uploads = rowsFrom(0, 80).map((i) => ({
    column: targets[i % 5]!,
    device: devices[i % 10]!,
    rows: rowsFrom(100 * (i % 5) + 5 * (Math.floor(i / 5) % 4), 5),
    serial: `serial ${i}`,
  }));
  // All are put at once. Registered they are before: what waits for a process for half a minute is answered with 503.
  const places = await each(uploads, 8, async ({ column, device, rows, serial }) => {
    const bytes = gzipSync(JSON.stringify(profileOf(column, rows, { more: { kernel: serial } })));
    return { device, bytes, registered: await field.register(device, bytes) };
  });
  const sent = await each(places, 80, async (place) => ({
    ...place,
    status: await put(place.registered, place.bytes),
  }));
  expect(sent.filter(({ status }) => status === 200)).toHaveLength(80);
  const finished = await each(sent, 8, ({ device, registered }) => field.finished(device, registered.uploadId));
  expect(finished.filter(({ status }) => status === 'accepted')).toHaveLength(80);
  const targetIds = new Set(finished.map(({ targetId }) => targetId!));
  expect(targetIds.size).toBe(5);
  for (const targetId of targetIds) {
    const { data, merged } = await keptOf(targetId);
    expect(data.profiles).toHaveLength(16);
    expect(data.values).toHaveLength(80);
    expect(merged.map(({ profiles }) => profiles)).toEqual(Array(20).fill(4));
  }
  expect(await failedEvents()).toEqual([]);
});

test('two writers racing on one target both count, round after round', async () => {
  const pair = [await field.enrol('left'), await field.enrol('right')] as const;
  let targetId = '';
  for (let round = 0; round < 5; round++) {
    const finished = await Promise.all(
      pair.map(async (device, side) => {
        const rows = rowsFrom(500 + 20 * round + 10 * side, 10);
        const { uploadId } = await field.send(device, profileOf('titanx_32', rows, { model: 'Raced' }));
        return field.finished(device, uploadId);
      }),
    );
    targetId = finished[0]!.targetId!;
    expect(finished[1]!.targetId).toBe(targetId);
  }
  const { data, record } = await keptOf(targetId);
  expect(data.profiles).toHaveLength(10);
  expect(record).toMatchObject({ measurements: 100, devices: expect.arrayContaining(pair.map((d) => d.deviceId)) });
});

test('killed at any of its writes, the retry finishes the job', async () => {
  const device = await field.enrol('killed');
  const writes = ['measurements/', 'profiles/', 'adaptations/', 'targets/', 'uploads/'];
  const dataBucket = field.stack.buckets['Data'];
  let targetId = '';
  for (const [index, prefix] of writes.entries()) {
    const profile = profileOf('silver_4114', rowsFrom(700 + 10 * index, 10), { model: 'Killed' });
    const before = crashes();
    let killed = 0;
    const registered = await sendWith(device, profile, (request) => {
      const hit = request.operation === 'PutObject' && request.bucket === dataBucket && request.key?.startsWith(prefix);
      if (hit && killed === 0) killed = killIngest();
      return undefined;
    });
    const upload = await field.finished(device, registered.uploadId);
    expect([prefix, upload.status]).toEqual([prefix, 'accepted']);
    expect([prefix, killed > 0]).toEqual([prefix, true]);
    // The write may be there before the end of its process is noticed.
    await expect.poll(crashes, patient).toBeGreaterThan(before);
    targetId = upload.targetId!;
    // Everything that was started has ended.
    await expect.poll(() => ingestProcesses().length, patient).toBeGreaterThan(0);
    expect((await keptOf(targetId)).data.profiles).toHaveLength(index + 1);
  }
  expect((await keptOf(targetId)).record.measurements).toBe(50);
  expect(await failedEvents()).toEqual([]);
});

test('an event that fails every time waits in the failure bucket, and can be sent again', async () => {
  const device = await field.enrol('unlucky');
  let failing = true;
  const registered = await sendWith(
    device,
    profileOf('gold_6240', rowsFrom(900, 10), { model: 'Unlucky' }),
    (request) =>
      failing && request.operation === 'PutObject' && request.key?.startsWith('measurements/')
        ? { status: 403, code: 'AccessDenied' }
        : undefined,
  );
  await expect.poll(async () => (await failedEvents()).length, patient).toBe(2);
  expect((await field.show(device, registered.uploadId)).status).toBe('waiting');
  failing = false;
  faultOf = () => undefined;
  const [failed] = await failedEvents();
  const { requestPayload } = failed as { requestPayload: unknown };
  expect((await field.stack.invoke('Ingest', requestPayload)).failed).toBe(false);
  const upload = await field.finished(device, registered.uploadId);
  expect(upload.status).toBe('accepted');
  await keptOf(upload.targetId!);
});

/** `faultOf` is set once the upload is registered. */
async function sendWith(device: Device, profile: Parameters<FieldStack['send']>[1], faults: typeof faultOf) {
  faultOf = (request) => (request.key?.startsWith('incoming/') && request.method === 'GET' ? arm(request) : undefined);
  const arm = (request: FaultRequest): undefined => {
    if (request.key !== undefined) faultOf = faults;
    return undefined;
  };
  const registered: Registered = await field.send(device, profile);
  return registered;
}

const crashes = (): number =>
  reports.filter(({ functionKey, status }) => functionKey === 'Ingest' && status === 'crash').length;

/** Processes that this one started to run the ingest function. */
function ingestProcesses(): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        const parent = /\) \S (\d+)/.exec(readFileSync(`/proc/${pid}/stat`, 'utf8'))?.[1];
        const environment = readFileSync(`/proc/${pid}/environ`, 'utf8');
        return parent === String(process.pid) && /AWS_LAMBDA_FUNCTION_NAME=[^\0]*Ingest/.test(environment);
      } catch {
        return false;
      }
    })
    .map(Number);
}

/** Gives how many. */
function killIngest(): number {
  const pids = ingestProcesses();
  for (const pid of pids) process.kill(pid, 'SIGKILL');
  return pids.length;
}

async function failedEvents(): Promise<unknown[]> {
  const { s3Url: endpoint, region, credentials, buckets } = field.stack;
  const client = s3Client({ endpoint, region, credentials, limits: patientLimits });
  const failures = s3Store({ bucket: buckets['Intake/Failures']!, client });
  const events: unknown[] = [];
  for await (const key of failures.list('')) {
    events.push(JSON.parse(new TextDecoder().decode((await failures.get(key))!.body)));
  }
  client.close();
  return events;
}
