// `sugarbush import` as a person uses it: a table goes in through the same door as devices, is stopped and goes on. And
// what one profile costs at that door.
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { targetListSchema } from '#contract/targets.ts';
import { type FieldStack, profileOf, put, rowsFrom, startFieldStack, table } from './field-stack.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 300_000 });

const columns = ['titanx_1', 'titanx_32', 'gold_6240', '2080ti_1', 'titanxp_1', 'titan_rtx_1', 'pixel3', '1080ti_1'];
let field: FieldStack;
let folder: string;
let ingested = 0;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'sugarbush-import-'));
  const used = columns.map((id) => table.targets.find((target) => target.id === id)!);
  const lines = table.texts
    .slice(0, 40)
    .map((text, row) => [text, ...used.map(({ latencyMs }) => (Number.isNaN(latencyMs[row]) ? 0 : latencyMs[row]))]);
  writeFileSync(join(folder, 'table.csv'), [['architecture', ...columns], ...lines].map((l) => l.join(',')).join('\n'));
  const sheet = JSON.parse(readFileSync('data/latency-nasbench201.columns.json', 'utf8')) as { columns: object };
  const own = Object.entries(sheet.columns).filter(([column]) => columns.includes(column));
  writeFileSync(join(folder, 'table.columns.json'), JSON.stringify({ columns: Object.fromEntries(own) }));
  field = await startFieldStack({
    maxSandboxes: 2,
    predictor: 'shipped',
    onReport: ({ functionKey }) => {
      if (functionKey === 'Ingest') ingested++;
    },
  });
});
afterAll(async () => {
  await field?.close();
  rmSync(folder, { recursive: true, force: true });
});

const args = (...more: string[]): string[] => [
  ...['cli/main.ts', 'import'],
  ...['--search-space', 'nasbench201', '--data', join(folder, 'table.csv'), '--state', join(folder, 'state.json')],
  ...['--api', field.stack.apiUrl, '--token', field.operator, ...more],
];
const run = promisify(execFile);

test('stopped by Ctrl-C it says so; the same command goes on and ends with every target accepted', async () => {
  const child = spawn(process.execPath, args('--at-once', '1'));
  let said = '';
  child.stderr.on('data', (part: Buffer) => {
    said += part.toString();
    if (/[1-7] of 8/.test(said)) child.kill('SIGINT');
  });
  const poll = setInterval(() => void checkFirst(), 100);
  const checkFirst = async (): Promise<void> => {
    const response = await field.call('GET', '/v1/targets', field.reader);
    if (targetListSchema.parse(await response.json()).targets.length > 0) child.kill('SIGINT');
  };
  const [code] = (await once(child, 'close')) as [number];
  clearInterval(poll);
  expect([code, said]).toEqual([1, expect.stringContaining('cancelled: stopped; the same command goes on')]);

  const { stdout } = await run(process.execPath, args());
  const lines = stdout
    .trim()
    .split('\n')
    .map((line) => line.split('\t'));
  expect(lines.map(([column]) => column)).toEqual(columns);
  expect(lines.every(([, status]) => status!.startsWith('accepted'))).toBe(true);
  expect(stdout).not.toContain('sb_');

  const again = await run(process.execPath, args());
  expect(again.stdout.match(/accepted before/g)).toHaveLength(8);
  const response = await field.call('GET', '/v1/targets?limit=200', field.reader);
  const { targets } = targetListSchema.parse(await response.json());
  // Two of the columns are one GPU at two batch sizes.
  expect(targets).toHaveLength(7);
  for (const target of targets) {
    const batchSizes = target.title === 'titanx' ? [1, 32] : [1];
    expect(target).toMatchObject({ source: 'table', profiles: batchSizes.length });
    expect(target.workloads.map(({ batchSize }) => batchSize)).toEqual(batchSizes);
  }
  const { devices } = (await (await field.call('GET', '/v1/devices', field.operator)).json()) as { devices: unknown[] };
  expect(devices).toHaveLength(1);
});

test('a corrected table replaces what it said before; what is a thousand times off is asked about first', async () => {
  const other = join(folder, 'corrected');
  mkdirSync(other);
  const file = join(other, 'table.csv');
  const rows = readFileSync(join(folder, 'table.csv'), 'utf8').split('\n');
  // Only two columns are left, one in the wrong unit.
  const [header, ...lines] = rows.map((line) => line.split(','));
  const factor = 1000;
  const kept = lines.map(([text, first, , third]) => [text, Number(first) * factor, Number(third) * 1.25].join(','));
  writeFileSync(file, [[header![0], header![1], header![3]].join(','), ...kept].join('\n'));
  writeFileSync(join(other, 'table.columns.json'), JSON.stringify({ columns: { titanx_1: { device: 'titanx' } } }));
  const corrected = (...more: string[]) =>
    run(process.execPath, args('--data', file, '--state', join(other, 'state.json'), ...more));
  const refused = await corrected().catch((error: unknown) => error);
  expect(refused).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/conflict: column "titanx_1" has a median of .* longer than is known: "Table table /),
  });
  const { stdout, stderr } = await corrected('--factor-is-meant');
  expect(stdout.match(/\taccepted\t/g)).toHaveLength(2);
  expect(stderr).toContain('withdrawn: 8 profiles that table "table" said before');
  const response = await field.call('GET', '/v1/targets?limit=200', field.operator);
  const { targets } = targetListSchema.parse(await response.json());
  const inUse = targets.filter(({ measurements }) => measurements > 0);
  expect(inUse.map(({ title }) => title).toSorted()).toEqual(['gold_6240', 'titanx']);
  expect(inUse.map(({ profiles, withdrawn }) => profiles - withdrawn!.profiles)).toEqual([1, 1]);
  // The first one again was right after all.
  const back = await run(process.execPath, args('--factor-is-meant'));
  expect(back.stdout.match(/\taccepted before\t/g)).toHaveLength(8);
  expect(back.stderr).toContain('withdrawn: 2 profiles that table "table" said before');
  const again = await (await field.call('GET', '/v1/targets?limit=200', field.operator)).json();
  expect(targetListSchema.parse(again).targets.filter(({ measurements }) => measurements > 0)).toHaveLength(7);
});

test('a wrong token or column is told without a stack trace', async () => {
  const refused = await run(
    process.execPath,
    args('--token', field.reader, '--state', join(folder, 'other.json')),
  ).catch((error: unknown) => error);
  expect(refused).toMatchObject({
    code: 1,
    stderr: expect.stringContaining("forbidden: POST /v1/devices: 403 the token's role"),
  });
  const wrong = await run(process.execPath, args('--targets', 'nothing')).catch((error: unknown) => error);
  expect(wrong).toMatchObject({ code: 2, stderr: expect.stringContaining("'nothing' is not in") });
});

test('a first token comes from a script with the operator’s own AWS credentials', async () => {
  const { s3Url, region, credentials, buckets } = field.stack;
  const env = {
    ...process.env,
    AWS_ENDPOINT_URL_S3: s3Url,
    AWS_REGION: region,
    AWS_ACCESS_KEY_ID: credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
  };
  const issue = (...more: string[]) => run(process.execPath, ['cli/main.ts', 'issue-token', ...more], { env });
  const { stdout, stderr } = await issue('--bucket', buckets['Data']!, '--role', 'operator', '--valid-days', '1');
  expect(stderr).toMatch(/^operator token [0-9a-f]{16}, ends \d{4}-/);
  expect((await field.call('GET', '/v1/devices', stdout.trim())).status).toBe(200);
  await expect(issue('--bucket', 'b', '--role', 'device')).rejects.toMatchObject({ code: 2 });
  await expect(issue('--bucket', 'no-such-bucket', '--role', 'reader')).rejects.toMatchObject({
    code: 1,
    stderr: expect.stringContaining('cannot write the bucket'),
  });
});

test('a profile of a new target costs eight reads, eight writes and two lists of S3, its own PUT included', async () => {
  const device = await field.enrol('counted');
  const bring = async (model: string): Promise<void> => {
    const before = ingested;
    const bytes = gzipSync(JSON.stringify(profileOf('titanx_1', rowsFrom(0, 10), { model })));
    expect(await put(await field.register(device, bytes, model), bytes)).toBe(200);
    // The end is seen without asking the service, which would cost requests of its own.
    await expect.poll(() => ingested, { timeout: 30_000 }).toBe(before + 1);
  };
  // Both sandboxes know the token and the predictor.
  await Promise.all(rowsFrom(0, 6).map((i) => field.show(device, String(i)).catch(() => undefined)));
  for (const model of ['warm-1', 'warm-2']) await bring(model);
  const before = field.stack.s3.counts();
  await bring('counted');
  const after = field.stack.s3.counts();
  const cost = Object.entries(after).flatMap(([operation, count]) => {
    const own = count - before[operation as keyof typeof after];
    return own === 0 ? [] : [[operation, own]];
  });
  expect(Object.fromEntries(cost)).toEqual({ GetObject: 8, PutObject: 8, ListObjectsV2: 2 });
});
