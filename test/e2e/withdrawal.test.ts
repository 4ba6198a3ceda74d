// Withdrawing over HTTP, on the embedded stack as the template describes it: a wrong board is taken back and restored,
// predictions follow, and a store that fails in between is finished by sending the same again.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { apiClient } from '#client/client.ts';
import { noRetries } from '#client/retry.ts';
import { predictOperations } from '#contract/predictions.ts';
import { withdrawalOperations } from '#contract/withdrawals.ts';
import type { Fault, FaultRequest } from '#stack/s3/server.ts';
import { type FieldStack, profileOf, rowsFrom, startFieldStack, table } from './field-stack.ts';

vi.setConfig({ testTimeout: 300_000, hookTimeout: 300_000 });

let field: FieldStack;
let faultOf: (request: FaultRequest) => Fault | undefined = () => undefined;

beforeAll(async () => {
  field = await startFieldStack({ predictor: 'shipped', s3Faults: (request) => faultOf(request) });
});
afterAll(() => field?.close());

const client = () => {
  const operations = { ...withdrawalOperations, ...predictOperations };
  const options = { api: field.stack.apiUrl, operations, retry: noRetries, strict: true };
  return {
    operator: apiClient({ ...options, token: field.operator }),
    reader: apiClient({ ...options, token: field.reader }),
  };
};

const measuredRows = rowsFrom(0, 20);
const asked = (target: string) => {
  const body = { searchSpace: 'nasbench201', target, architectures: [table.texts[5000]!] };
  return client().reader.call('predict', { body });
};
const statusOf = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => 'answered',
    (error: Error) => error.message,
  );

test('a device’s data are withdrawn and restored, by the command line; predictions follow', async () => {
  const device = await field.enrol('seconds');
  const { uploadId } = await field.send(device, profileOf('titanx_1', measuredRows));
  const { targetId, sha256 } = await field.finished(device, uploadId);
  const before = await asked(targetId!);
  const sugarbush = async (...args: string[]) => {
    const api = ['--api', field.stack.apiUrl, '--token', field.operator];
    const { stdout } = await promisify(execFile)(process.execPath, ['cli/main.ts', ...args, ...api]);
    return stdout.trim().split('\t');
  };
  const line = await sugarbush('withdraw', '--device', device.deviceId, '--reason', 'seconds for milliseconds');
  expect(line).toEqual([targetId, '0 measurements in use', '1 of 1 profiles withdrawn']);
  await expect.poll(() => statusOf(asked(targetId!)), { timeout: 60_000 }).toContain('an operator withdrew them');
  const [hash, , name, runs, state] = await sugarbush('profiles', '--target', targetId!);
  expect([hash, name]).toEqual([sha256, 'seconds']);
  expect(runs).toMatch(/^20 of nasbench201\/32 at batch size 1, median [\d.]+ ms$/);
  expect(state).toMatch(/^withdrawn \S+ \(device\): seconds for milliseconds$/);

  const back = await sugarbush('restore', '--target', targetId!);
  expect(back).toEqual([targetId, '20 measurements in use', '0 of 1 profiles withdrawn']);
  await expect.poll(() => statusOf(asked(targetId!)), { timeout: 60_000 }).toBe('answered');
  expect((await asked(targetId!)).results[0]!.latencyMs).toEqual(before.results[0]!.latencyMs);
});

test('where the store fails in between, the same request again finishes it', async () => {
  const [good, bad] = [await field.enrol('good'), await field.enrol('bad')];
  const send = async (device: typeof good, factor: number) => {
    const distort = (latencyMs: number) => factor * latencyMs;
    const { uploadId } = await field.send(device, profileOf('gold_6240', measuredRows, { distort }));
    return field.finished(device, uploadId);
  };
  const { targetId } = await send(good, 1);
  const wrong = await send(bad, 1000);
  const body = { target: targetId!, profile: wrong.sha256 };
  const written = ['withdrawals/', 'adaptations/', 'targets/'];
  for (const prefix of written) {
    let hits = 0;
    faultOf = ({ operation, key }) => {
      if (operation !== 'PutObject' || !key?.startsWith(prefix)) return undefined;
      hits++;
      // Not one that the function's own client tries again.
      return { status: 403, code: 'AccessDenied' };
    };
    const failed = await statusOf(client().operator.call('withdraw', { body, idempotencyKey: 'same' }));
    expect([prefix, failed, hits > 0]).toEqual([prefix, expect.stringContaining('500'), true]);
    faultOf = () => undefined;
  }
  const { targets } = await client().operator.call('withdraw', { body, idempotencyKey: 'same' });
  expect(targets).toEqual([{ targetId, measurements: 20, profiles: 2, withdrawnProfiles: 1 }]);
  const { profiles } = await client().operator.call('listProfiles', { path: { id: targetId! } });
  const inUse = profiles.filter(({ withdrawn }) => withdrawn === null).map(({ deviceId }) => deviceId);
  expect(inUse).toEqual([good.deviceId]);
});
