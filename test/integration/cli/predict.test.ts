// `sugarbush predict` and `sugarbush targets` as they are typed: no service, nothing but the files that are shipped.
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test, vi } from 'vitest';
import { reportSchema } from '#cli/predict/report.ts';
import { smallOnnx } from '../../fixtures/small-onnx.ts';

vi.setConfig({ testTimeout: 180_000 });

const root = fileURLToPath(new URL('../../..', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'sugarbush-predict-'));
afterAll(() => rmSync(folder, { recursive: true }));
const put = (name: string, bytes: Uint8Array | string): string => {
  const file = join(folder, name);
  writeFileSync(file, bytes);
  return file;
};
const small = put('small.onnx', smallOnnx());
const larger = put('larger.onnx', smallOnnx([1, 3, 256, 256]));
const open = put('open.onnx', smallOnnx(['n', 3, 'height', 8]));

// Any connection fails: there is no proxy at this port, and no address is looked up without one.
const offline = { HTTP_PROXY: 'http://127.0.0.1:9', HTTPS_PROXY: 'http://127.0.0.1:9', NODE_USE_ENV_PROXY: '1' };

const run = (...args: string[]) =>
  new Promise<{ code: number; stdout: string; stderr: string }>((resolve) => {
    const options = { cwd: root, env: { ...process.env, ...offline, NODE_OPTIONS: '' } };
    execFile(process.execPath, ['cli/sugarbush.mjs', ...args], options, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : (error.code as number), stdout, stderr });
    });
  });

const sum = (parts: readonly { ms: number }[]): number => parts.reduce((all, { ms }) => all + ms, 0);

describe('predict', () => {
  test('--json has the stated form, and its parts sum to the latency', async () => {
    const { code, stdout, stderr } = await run(
      'predict',
      small,
      larger,
      '--json',
      '--explain',
      '--compare',
      '--budget',
      '20',
    );
    expect([code, stderr]).toEqual([0, '']);
    const { models, predictions, comparison } = reportSchema.parse(JSON.parse(stdout));
    expect(models.map(({ file, operators, batch }) => [file, operators, batch])).toEqual([
      [small, 2, 1],
      [larger, 2, 1],
    ]);
    expect(models[0]!.macs).toBe(6912);
    for (const { latencyMs, lowMs, highMs, kinds, places } of predictions) {
      expect(lowMs).toBeLessThan(latencyMs);
      expect(highMs).toBeGreaterThan(latencyMs);
      expect(sum(kinds) / latencyMs).toBeCloseTo(1, 4);
      expect(sum(places!) / latencyMs).toBeCloseTo(1, 4);
    }
    for (const {
      ratio,
      latencyMs: [a, b],
    } of comparison!)
      expect(ratio).toBeCloseTo(b / a, 3);
  });

  test('prints a table, the fastest first, with what fits', async () => {
    const { code, stdout } = await run('predict', small, '--budget', '0.000001');
    expect(code).toBe(0);
    const lines = stdout.trim().split('\n');
    expect(lines[0]).toContain('small.onnx: small, image float32 1x3x8x8; batch 1, 2 operators');
    expect(lines[2]).toMatch(/^target +latency +90 % interval +trust +fits 0.000001 ms +costs most$/);
    expect(lines[3]).toMatch(/ no /);
  });

  test('names the one target of a note', async () => {
    const { stdout } = await run('predict', small, '--target', 'threadripper');
    expect(stdout).toMatch(/^- amd-ryzen-threadripper-3970x-ncnn-cpu-t1: /m);
  });

  test.each([
    [['predict'], 2, 'invalid-usage: give a model'],
    [['predict', 'nothing.onnx'], 1, 'not-found: nothing.onnx: no such file'],
    [['predict', open], 1, '--dim NAME=LENGTH'],
    [['predict', small, '--compare'], 2, '--compare takes two different files; 1 given'],
    [['predict', small, '--compare', small], 2, `--compare takes two different files; both are ${small}`],
    [['predict', small, '--api', '127.0.0.1:8787'], 2, 'must be an address that begins with http:// or https://'],
    [['import', '--data', 'x.cvs', '--search-space', 'nasbench201'], 1, 'invalid-table: x.cvs: no such file'],
    [['predict', small, '--target', 'abacus'], 1, "unknown-target: no target is or contains 'abacus'"],
  ])('%j is refused', async (args, code, message) => {
    const ended = await run(...args);
    expect([ended.code, ended.stdout]).toEqual([code, '']);
    expect(ended.stderr).toContain(message);
  });
});

test('targets lists, filters and shows', async () => {
  const all = JSON.parse((await run('targets', '--json')).stdout).targets as { id: string; hardware: string }[];
  const word = all[0]!.id;
  const filtered = JSON.parse((await run('targets', '--match', word, '--json')).stdout).targets as typeof all;
  expect(filtered.length).toBeGreaterThan(0);
  expect(filtered.length).toBeLessThan(all.length);
  const { stdout } = await run('targets', word);
  for (const fact of ['hardware', 'source', 'licence', 'measurements', 'self check', 'trust']) {
    expect(stdout).toContain(`\n  ${fact}`);
  }
});
