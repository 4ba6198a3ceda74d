// Programs and packages that are there and do not start: what they say reaches the owner, with what works instead.
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { readHardware } from '#agent/device/hardware.ts';
import { findPerf, packagedPerfs, whyNoPerf } from '#agent/perf/perf-command.ts';
import { describeTarget } from '#agent/profile/target.ts';
import { tensorrt } from '#agent/runtimes/tensorrt.ts';
import { isLibraryMismatch, wayOut } from '#agent/worker/load-module.ts';
import { deviceFiles } from '../../../fixtures/device-files.ts';

const folder = mkdtempSync(join(tmpdir(), 'sugarbush-start-'));
afterAll(() => rmSync(folder, { recursive: true }));

function perf(name: string, lines: string): string {
  mkdirSync(join(folder, name));
  writeFileSync(join(folder, name, 'perf'), `#!/bin/sh\n${lines}\n`);
  chmodSync(join(folder, name, 'perf'), 0o755);
  return join(folder, name);
}

describe('perf', () => {
  test('a wrapper without a package for the kernel: no perf, and its own words', async () => {
    const path = perf('wrapper', 'echo "WARNING: perf not found for kernel 5.15-microsoft" >&2\necho >&2\nexit 2');
    expect(await findPerf(path)).toBeUndefined();
    expect(await whyNoPerf(path)).toBe('WARNING: perf not found for kernel 5.15-microsoft');
  });

  test('one that starts, and none at all, have nothing to explain', async () => {
    expect(await whyNoPerf(perf('working', 'echo perf version 6.1.9'))).toBeUndefined();
    expect(await whyNoPerf(join(folder, 'nowhere'))).toBeUndefined();
    expect(await whyNoPerf(perf('silent', 'exit 1'))).toBe('nothing');
  });

  test('where packages leave it, the newest first', () => {
    const files = deviceFiles({
      'usr/lib/linux-tools/6.5.0-9-generic/perf': 'x',
      'usr/lib/linux-tools/6.5.0-41-generic/perf': 'x',
      'usr/lib/linux-tools/6.8.0-1-generic/cpupower': 'x',
    });
    expect(packagedPerfs(files)).toEqual([
      '/usr/lib/linux-tools/6.5.0-41-generic/perf',
      '/usr/lib/linux-tools/6.5.0-9-generic/perf',
    ]);
  });
});

describe('a package for another C library', () => {
  test.each([
    'Error loading shared library ld-linux-x86-64.so.2: No such file or directory (needed by /app/libonnxruntime.so.1)',
    'Error relocating /app/onnxruntime_binding.node: __memcpy_chk: symbol not found',
    "/lib/aarch64-linux-gnu/libc.so.6: version `GLIBC_2.38' not found",
  ])('%s', (reason) => {
    expect(isLibraryMismatch(reason)).toBe(true);
    expect(wayOut('onnxruntime-node', reason)).toMatch(/another C library.*--runtime onnxruntime-web/);
  });

  test('one that is not installed is told to be installed', () => {
    expect(wayOut('onnxruntime-node', "Cannot find module 'onnxruntime-node'")).toBe(
      'To have it: npm install onnxruntime-node',
    );
  });
});

test('the power mode of a device is a setting of its target', () => {
  const facts = {
    ...{ hardware: readHardware(deviceFiles({})), runtime: tensorrt('/x') },
    reported: { version: '10.3.0', accelerator: 'Orin' },
    ...{ settings: { threads: 1, graphOptimization: 'all', precision: 'fp16' } as const, pinned: true },
    ...({ searchSpace: 'nasbench201', inputSize: 32, batchSize: 1 } as const),
  };
  const settingsOf = (deviceSettings: Record<string, string | boolean>) =>
    describeTarget({ ...facts, deviceSettings }).runtime.settings;
  expect(settingsOf({ powerMode: '7W', clocksHeld: false })).toEqual({
    powerMode: '7W',
    clocksHeld: false,
    pinned: true,
  });
  expect(settingsOf({})).toEqual({ pinned: true });
});
