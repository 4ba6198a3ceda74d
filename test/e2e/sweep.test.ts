// Uploads that were acknowledged while the disk took nothing else: their events failed every time. Once there is space
// again, a sweep brings each to its verdict: at the schedule's next time, and at the next start of the stack.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Fault, FaultRequest } from '#stack/s3/server.ts';
import type { StackOptions } from '#stack/stack.ts';
import { type Device, type FieldStack, profileOf, rowsFrom, startFieldStack } from './field-stack.ts';

vi.setConfig({ testTimeout: 300_000, hookTimeout: 300_000 });

let stateDir: string;
let field: FieldStack;
let full = false;
/** What is refused while full: at first what ingest writes, and not what registering an upload needs. */
let refused = /^(measurements|targets|profiles)\//;
const faultOf = ({ operation, key = '' }: FaultRequest): Fault | undefined =>
  full && operation === 'PutObject' && refused.test(key) ? { status: 507, code: 'InsufficientStorage' } : undefined;

const start = async (): Promise<void> => {
  const options: Partial<StackOptions> = { stateDir, s3Faults: faultOf, retryDelaysMs: [10, 10], maxSandboxes: 2 };
  field = await startFieldStack(options);
};

beforeEach(async () => {
  stateDir = mkdtempSync(join(tmpdir(), 'sugarbush-sweep-'));
  await start();
});
afterEach(async () => {
  full = false;
  await field?.close();
  rmSync(stateDir, { recursive: true, force: true });
});

async function failures(): Promise<number> {
  let count = 0;
  for await (const _ of field.failures.list('aws/lambda/async/')) count++;
  return count;
}

/** Uploads that were taken and whose three tries failed. */
async function stranded(device: Device, count: number): Promise<string[]> {
  full = true;
  const ids: string[] = [];
  for (const first of rowsFrom(0, count)) {
    ids.push((await field.send(device, profileOf('titanx_1', rowsFrom(20 * first, 20)))).uploadId);
  }
  await expect.poll(failures, { timeout: 120_000 }).toBe(count);
  for (const id of ids) expect((await field.show(device, id)).status).toBe('waiting');
  full = false;
  return ids;
}

const verdicts = (device: Device, ids: readonly string[]): Promise<string[]> =>
  Promise.all(ids.map(async (id) => (await field.finished(device, id)).status));

test('the scheduled sweep, as the template calls it, brings each to its verdict', async () => {
  const device = await field.enrol('a');
  const ids = await stranded(device, 3);
  const settled = await field.stack.invoke('SweepUploads', { newestHours: 48, settledMinutes: 10 });
  expect(settled.failed).toBe(false);
  expect((await field.show(device, ids[0]!)).status).toBe('waiting');
  const swept = await field.stack.invoke('SweepUploads', { newestHours: 48 });
  expect([swept.failed, swept.payload]).toEqual([false, 'null']);
  expect(await verdicts(device, ids)).toEqual(['accepted', 'accepted', 'accepted']);
});

test('a sweep that cannot write says how many it left, as a failure of the function', async () => {
  const device = await field.enrol('a');
  const ids = await stranded(device, 2);
  full = true;
  const swept = await field.stack.invoke('SweepUploads', {});
  expect(swept.failed).toBe(true);
  expect(JSON.parse(swept.payload)).toMatchObject({
    errorType: 'SweepIncomplete',
    errorMessage: '2 uploads failed, all were looked at: the next sweep goes on',
  });
  full = false;
  await field.stack.invoke('SweepUploads', {});
  expect(await verdicts(device, ids)).toEqual(['accepted', 'accepted']);
});

test('so does the next start; an upload that cannot be registered is refused with 507', async () => {
  const device = await field.enrol('a');
  [full, refused] = [true, /^/];
  const body = { sizeBytes: 10, sha256: '0'.repeat(64), searchSpace: 'nasbench201' };
  const reply = await field.call('POST', '/v1/uploads', device.token, body);
  expect([reply.status, reply.headers.get('retry-after')]).toEqual([507, '30']);
  expect(await reply.json()).toMatchObject({ code: 'storage-full', status: 507 });
  refused = /^(measurements|targets|profiles)\//;
  const ids = await stranded(device, 3);
  await field.close();
  await start();
  expect(await verdicts(device, ids)).toEqual(['accepted', 'accepted', 'accepted']);
});
