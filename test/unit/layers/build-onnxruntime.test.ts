import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { buildOnnxruntimeLayer, cloudPlatform, hostPlatform } from '../../../layers/build-onnxruntime.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'sugarbush-layer-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const filesIn = (root: string): string[] =>
  readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(root.length));

describe('the cloud’s layer', () => {
  test('holds one platform’s binaries and nothing that does not run', () => {
    const layer = buildOnnxruntimeLayer(cloudPlatform, join(folder, 'a'));
    const files = filesIn(layer.folder);
    const binaries = files.filter((file) => file.includes('/bin/'));
    expect(binaries.length).toBeGreaterThanOrEqual(2);
    expect(binaries.filter((file) => !file.includes('/bin/napi-v6/linux/arm64/'))).toEqual([]);
    expect(files.filter((file) => !file.startsWith('/nodejs/node_modules/onnxruntime-'))).toEqual([]);
    expect(files.filter((file) => /\.(ts|map|md)$|\/script\//.test(file))).toEqual([]);
    expect(layer.sizeBytes).toBeLessThan(40_000_000);
  });

  test('is the same bytes when it is built again, and not built again without need', () => {
    const again = buildOnnxruntimeLayer(cloudPlatform, join(folder, 'b'));
    const first = buildOnnxruntimeLayer(cloudPlatform, join(folder, 'a'));
    expect(again.sha256).toBe(first.sha256);
    expect(filesIn(again.folder).sort()).toEqual(filesIn(first.folder).sort());
  });
});

describe('it is refused', () => {
  test('over its budget, naming both sizes, and leaves nothing behind', () => {
    const into = join(folder, 'c');
    expect(() => buildOnnxruntimeLayer(cloudPlatform, into, 1_000_000)).toThrow(/is \d+ bytes; its budget is 1000000/);
    expect(readdirSync(into)).toEqual([]);
  });

  test('for a platform that the package does not have', () => {
    expect(() => buildOnnxruntimeLayer('linux-s390', folder)).toThrow(
      /no binary for 'linux-s390'; it has: .*linux-arm64/,
    );
  });
});

test('this machine’s layer loads as Lambda loads it: through NODE_PATH, from anywhere', () => {
  const layer = buildOnnxruntimeLayer(hostPlatform, join(folder, 'host'));
  const script =
    "const ort = require('onnxruntime-node'); console.log(require.resolve('onnxruntime-node')); console.log(typeof ort.InferenceSession.create)";
  const printed = execFileSync(process.execPath, ['-e', script], {
    cwd: tmpdir(),
    env: { ...process.env, NODE_PATH: join(layer.folder, 'nodejs', 'node_modules') },
    encoding: 'utf8',
  });
  expect(printed.trim().split('\n')).toEqual([expect.stringContaining(layer.folder), 'function']);
});
