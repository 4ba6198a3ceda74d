// `npm run import` as a person uses it: a table goes in through the same door as devices, is stopped and goes on.
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { targetListSchema } from '#functions/contract/targets.ts';
import { type FieldStack, startFieldStack, table } from './field-stack.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 300_000 });

const columns = ['titanx_1', 'titanx_32', 'gold_6240', '2080ti_1', 'titanxp_1', 'titan_rtx_1', 'pixel3', '1080ti_1'];
let field: FieldStack;
let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'sugarbush-import-'));
  const used = columns.map((id) => table.targets.find((target) => target.id === id)!);
  const lines = table.texts
    .slice(0, 40)
    .map((text, row) => [text, ...used.map(({ latencyMs }) => (Number.isNaN(latencyMs[row]) ? 0 : latencyMs[row]))]);
  writeFileSync(join(folder, 'table.csv'), [['architecture', ...columns], ...lines].map((l) => l.join(',')).join('\n'));
  field = await startFieldStack({ maxSandboxes: 2 });
});
afterAll(async () => {
  await field?.close();
  rmSync(folder, { recursive: true, force: true });
});

const args = (...more: string[]): string[] => [
  'scripts/import.ts',
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
  expect(targets).toHaveLength(8);
  for (const target of targets) expect(target).toMatchObject({ source: 'table', profiles: 1 });
  const { devices } = (await (await field.call('GET', '/v1/devices', field.operator)).json()) as { devices: unknown[] };
  expect(devices).toHaveLength(1);
});

test('a wrong token or column is told without a stack trace', async () => {
  const refused = await run(
    process.execPath,
    args('--token', field.reader, '--state', join(folder, 'other.json')),
  ).catch((error: unknown) => error);
  expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining("forbidden: forbidden: the token's role") });
  const wrong = await run(process.execPath, args('--targets', 'nothing')).catch((error: unknown) => error);
  expect(wrong).toMatchObject({ code: 2, stderr: expect.stringContaining("'nothing' is not in") });
});
