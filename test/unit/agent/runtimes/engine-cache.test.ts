// Building an engine: its own time limit, what is said about it, and that one network is built once. Against a program
// that stands for trtexec: it builds for as long as it is told, and writes and loads an engine file.
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { defaultStopRule } from '#agent/measure/stop-rule.ts';
import { textProgress } from '#agent/profile/progress.ts';
import { commandRuntime } from '#agent/runtimes/command.ts';
import { engineCache, engineKey } from '#agent/runtimes/engine-cache.ts';
import type { MeasureRequest } from '#agent/runtimes/runtime.ts';
import { tensorrt } from '#agent/runtimes/tensorrt.ts';
import { parseTrtexecLog } from '#agent/runtimes/trtexec-output.ts';

const folder = mkdtempSync(join(tmpdir(), 'sugarbush-engines-'));
afterAll(() => rmSync(folder, { recursive: true }));

const times = fileURLToPath(new URL('../../../fixtures/runtimes/trtexec-times-h2d.json', import.meta.url));
const calls = join(folder, 'calls');
const engines = join(folder, 'engines');
const model = join(folder, 'model.onnx');

function program(name: string, lines: string): string {
  const path = join(folder, name);
  writeFileSync(path, `#!/bin/sh\n${lines}\n`);
  chmodSync(path, 0o755);
  return path;
}

/** Builds for $BUILD_S seconds; fails to load an engine that does not say `engine`. */
const trtexec = program(
  'trtexec',
  `echo "$@" >> ${calls}
for word in "$@"; do case $word in
  --saveEngine=*)
    sleep $(cat ${folder}/build-s)
    echo engine > "\${word#--saveEngine=}"
    echo 'Engine built in 241.5 sec.';;
  --loadEngine=*) grep -q engine "\${word#--loadEngine=}" || { echo 'engine of another version' >&2; exit 1; };;
  --exportTimes=*) cp ${times} "\${word#--exportTimes=}";;
esac; done`,
);

const request: MeasureRequest = {
  modelPath: model,
  settings: { threads: 1, graphOptimization: 'all', precision: 'fp32' },
  rule: { ...defaultStopRule, warmUp: { ...defaultStopRule.warmUp, maxMs: 100 } },
  cpus: undefined,
  timeoutS: 20,
  seed: 0,
  build: { limitS: 20, engineFolder: engines },
};
const builds = (): number => readFileSync(calls, 'utf8').split('--saveEngine').length - 1;

beforeEach(() => {
  rmSync(engines, { recursive: true, force: true });
  writeFileSync(calls, '');
  writeFileSync(model, 'one network');
  writeFileSync(join(folder, 'build-s'), '0');
});

describe('an engine', () => {
  test('is built once for one content, and the time is told', async () => {
    expect(await tensorrt(trtexec).measure(request)).toMatchObject({ latency: { medianMs: 3.2 }, builtS: 241.5 });
    const again = await tensorrt(trtexec).measure(request);
    expect(again.latency.medianMs).toBe(3.2);
    expect(again).not.toHaveProperty('builtS');
    expect(builds()).toBe(1);
    // The agent writes one network after the other to the same path.
    writeFileSync(model, 'another network');
    await tensorrt(trtexec).measure(request);
    await tensorrt(trtexec).measure({ ...request, settings: { ...request.settings, precision: 'fp16' } });
    expect(builds()).toBe(3);
    writeFileSync(model, 'one network');
    await tensorrt(trtexec).measure(request);
    expect(builds()).toBe(3);
  });

  test('that does not load any more is built again', async () => {
    await tensorrt(trtexec).measure(request);
    const [name] = readdirSync(engines);
    writeFileSync(join(engines, name!), 'of an older trtexec');
    expect(await tensorrt(trtexec).measure(request)).toMatchObject({ builtS: 241.5 });
    expect(builds()).toBe(2);
    expect(readFileSync(join(engines, name!), 'utf8')).toBe('engine\n');
  });

  test('is not kept where the folder cannot be written, or none is named', async () => {
    writeFileSync(engines, 'a file');
    await tensorrt(trtexec).measure(request);
    const { build: _, ...without } = request;
    await tensorrt(trtexec).measure(without);
    expect(builds()).toBe(2);
  });
});

describe('the time for building', () => {
  test('is apart from the time for measuring', async () => {
    writeFileSync(join(folder, 'build-s'), '1');
    await expect(tensorrt(trtexec).measure({ ...request, timeoutS: 0.3 })).resolves.toMatchObject({ builtS: 241.5 });
  });

  test('is named where it was too short', async () => {
    writeFileSync(join(folder, 'build-s'), '60');
    const build = { limitS: 0.25, engineFolder: engines };
    await expect(tensorrt(trtexec).measure({ ...request, timeoutS: 0.25, build })).rejects.toMatchObject({
      code: 'program-timeout',
      message: expect.stringMatching(
        /no end within 0\.5 s: 0\.25 s for building \(--build-seconds.* 0\.25 s for measuring/,
      ),
    });
  });

  test('is there for a compiler behind a command too', async () => {
    const slow = program('slow', `sleep 1; echo '{"latenciesMs":[2]}'`);
    await expect(commandRuntime([slow]).measure({ ...request, timeoutS: 0.3 })).resolves.toMatchObject({ runs: 1 });
  });
});

test('the oldest engines make room for new ones', () => {
  const cache = engineCache(engines, 10);
  const file = join(folder, 'built');
  writeFileSync(file, '1234');
  for (const [age, key] of ['a', 'b'].entries()) {
    cache.keep(key, file);
    utimesSync(join(engines, `${key}.engine`), age + 1, age + 1);
  }
  // Used again: now `b` is the one that was used longest ago.
  expect(cache.find('a')).toBe(join(engines, 'a.engine'));
  cache.keep('c', file);
  expect(['a', 'b', 'c'].map((key) => existsSync(join(engines, `${key}.engine`)))).toEqual([true, false, true]);
  cache.drop('a');
  expect(cache.find('a')).toBeUndefined();
});

test('a key is of the content, not of the name', () => {
  const other = join(folder, 'other.onnx');
  writeFileSync(other, 'one network');
  expect(engineKey(other, 'fp32')).toBe(engineKey(model, 'fp32'));
  expect(engineKey(other, 'fp16')).not.toBe(engineKey(model, 'fp32'));
});

test('progress says for how long it has been at one thing', () => {
  const lines: string[] = [];
  const progress = textProgress((text) => lines.push(text), false);
  progress.start(0, 3);
  progress.step('a', '1 ms, engine built in 4 min', false);
  progress.still('b', 120_000);
  expect(lines.at(-1)).toBe('[2/3] b: at it for 2 min\n');
});

test('the time of a build in the log', () => {
  expect(parseTrtexecLog('[01/02/2024-10:00:00] [I] Engine built in 12.5 sec.').builtS).toBe(12.5);
  expect(parseTrtexecLog('Engine built in . sec').builtS).toBeNull();
});
