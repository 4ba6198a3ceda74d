// The programs of examples/ as a reader runs them, and the commands of docs/deploy.md as an operator does, against one
// embedded stack with a champion and two measured targets.
import { execFile, spawn } from 'node:child_process';
import { globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { storeDataset } from '../unit/core/training/tiny-training.ts';
import { type FieldStack, profileOf, rowsFrom, startFieldStack, table } from './field-stack.ts';

vi.setConfig({ testTimeout: 420_000, hookTimeout: 300_000 });

let field: FieldStack;
let target: string;

beforeAll(async () => {
  field = await startFieldStack({ maxSandboxes: 2, predictor: 'shipped' });
  const device = await field.enrol('board');
  const { uploadId } = await field.send(device, profileOf('titanx_1', rowsFrom(0, 40)));
  target = (await field.finished(device, uploadId)).targetId!;
  await storeDataset(field.data);
});
afterAll(() => field?.close());

interface Ran {
  readonly code: number | null;
  readonly out: string;
  readonly said: string;
}

async function example(name: string, args: readonly string[], token: string, input = ''): Promise<Ran> {
  const env = { ...process.env, SUGARBUSH_API: field.stack.apiUrl, SUGARBUSH_TOKEN: token };
  const child = spawn(process.execPath, [`examples/${name}.ts`, ...args], { env });
  child.stdin.end(input);
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  const [out, said] = await Promise.all([text(child.stdout), text(child.stderr)]);
  return { code: await ended, out, said };
}

test('predict-table answers a row for each architecture, in their order', async () => {
  const cells = table.texts.slice(100, 130);
  const { code, out, said } = await example('predict-table', ['nasbench201', target], field.reader, cells.join('\n'));
  expect([code, said]).toEqual([0, expect.stringContaining(`${target}: `)]);
  const [header, ...rows] = out.trim().split('\n');
  expect(header).toBe('architecture,latency_ms,low_ms,high_ms');
  expect(rows.map((row) => row.split('"')[1])).toEqual(cells);
  for (const row of rows) {
    const [latency, low, high] = row.split('",')[1]!.split(',').map(Number);
    expect(low! <= latency! && latency! <= high!).toBe(true);
  }
});

test('search-with-budget ends with cells that meet the budget', async () => {
  const { latencyMs } = table.targets.find(({ id }) => id === 'titanx_1')!;
  const budgetMs = Math.max(...latencyMs.slice(0, 40));
  const { code, out } = await example('search-with-budget', [target, String(budgetMs)], field.reader);
  const found = out.trim().split('\n');
  expect([code, found.length]).toEqual([0, 8]);
  for (const line of found) expect(Number(/\t(\S+) ms\t/.exec(line)![1])).toBeLessThan(budgetMs);
  const none = await example('search-with-budget', [target, '0.000001'], field.reader);
  expect([none.code, none.said]).toEqual([1, expect.stringContaining('nothing runs within')]);
});

test('own-measurements makes a target of a CSV that predictions rest on', async () => {
  const { latencyMs } = table.targets.find(({ id }) => id === 'pixel3')!;
  const rows = rowsFrom(200, 12).map((row) => `"${table.texts[row]}",${latencyMs[row]}`);
  const csv = ['architecture,latency_ms', ...rows].join('\n');
  const { code, out, said } = await example('own-measurements', ['nasbench201', 'My phone'], field.operator, csv);
  expect([code, said]).toEqual([0, '']);
  expect(out).toMatch(/^my-phone-[0-9a-f]{20}\t12 measurements\n$/);
  const mine = out.split('\t')[0]!;
  const predicted = await example('predict-table', ['nasbench201', mine], field.reader, table.texts[0]!);
  expect([predicted.code, predicted.out.split('\n').length]).toEqual([0, 3]);
  const board = readFileSync(new URL('../../examples/my-board.csv', import.meta.url), 'utf8');
  const own = await example('own-measurements', ['nasbench201', 'my_board'], field.operator, board);
  expect([own.code, own.said, own.out]).toEqual([
    0,
    '',
    expect.stringMatching(/^my-board-[0-9a-f]{20}\t20 measurements\n$/),
  ]);
  const wide = await example('own-measurements', ['nasbench201', 'x'], field.operator, 'architecture,a,b\nx,1,2\n');
  expect([wide.code, wide.said]).toEqual([1, expect.stringContaining('there are: architecture, a, b')]);
  const refused = await example('own-measurements', ['nasbench201', 'My phone'], field.reader, csv);
  expect([refused.code, refused.said]).toEqual([1, expect.stringContaining("token's role is 'reader'")]);
});

test('watch-training shows a run to its end and what it decided', async () => {
  const settings = JSON.stringify({ steps: 25, folds: 2, repeats: 1 });
  const { code, out, said } = await example('watch-training', [settings], field.operator);
  expect([code, out]).toEqual([0, expect.stringMatching(/^(promoted|refused) [0-9a-f]{16}\n\S/)]);
  expect(said).toMatch(/run-[0-9a-f]{20}: fit/);
});

/** Runs the commands of a document that need no AWS, one block after another in one shell, as an operator.
 * @returns what they print */
async function runDocumented(file: string, more: Readonly<Record<string, string>> = {}): Promise<string> {
  const blocks = [...readFileSync(file, 'utf8').matchAll(/```sh embedded\n([\s\S]*?)```/g)];
  expect(blocks.length).toBeGreaterThanOrEqual(4);
  const { s3Url, region, credentials, buckets, apiUrl } = field.stack;
  const env = {
    ...process.env,
    API: apiUrl,
    DATA_BUCKET: buckets['Data']!,
    AWS_ENDPOINT_URL_S3: s3Url,
    AWS_REGION: region,
    AWS_ACCESS_KEY_ID: credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
    ...more,
  };
  const folder = mkdtempSync(join(tmpdir(), 'sugarbush-commands-'));
  // Where `npm run` finds the project, and files of the commands leave nothing in it.
  const npm = `npm() { command npm --prefix '${process.cwd()}' "$@"; }`;
  const script = [npm, ...blocks.map(([, commands]) => commands!)].join('\n');
  const ran = promisify(execFile)('bash', ['-euo', 'pipefail', '-c', script], { env, cwd: folder });
  await ran.catch((error: unknown) => expect((error as { stderr: string }).stderr).toBe(''));
  const { stdout } = await ran;
  rmSync(folder, { recursive: true });
  return stdout;
}

test('the commands of docs/deploy.md that need no AWS run in their order', async () => {
  const stdout = await runDocumented('docs/deploy.md');
  expect(stdout).toContain('"ready":true');
  expect(stdout).toContain('"revokedAt":');
  expect(stdout).toContain('"status":"stopped"');
  expect(stdout).toMatch(/\{"champion":"[0-9a-f]{16}"\}$/);
});

test('so do those of docs/operations.md, and find in the logs what they look for', async () => {
  const stdout = await runDocumented('docs/operations.md', { STATE: field.stateDir, SUGARBUSH_TOKEN: field.operator });
  const refused = stdout.split('\n').find((line) => line.includes('"message":"refused"'));
  const operatorId = field.operator.split('_')[1];
  expect(JSON.parse(refused!)).toMatchObject({ code: 'not-found', deviceId: 'nobody', tokenId: operatorId });
  expect(stdout).toContain('"runs":[');
});

test('each is short, and starts with what it does and how it is called', () => {
  const files = globSync('examples/*.ts');
  expect(files.length).toBeGreaterThanOrEqual(4);
  for (const file of files) {
    const source = readFileSync(file, 'utf8');
    expect([file, source.split('\n').length - 1 < 60]).toEqual([file, true]);
    expect(source).toContain(`npx node ${file} `);
    expect(readFileSync('README.md', 'utf8')).toContain(file);
  }
});
