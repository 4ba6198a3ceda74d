// The Python helpers of --runtime command as real processes: how they refuse, with a Python that has no package at all;
// and each with its runtime, where this machine's Python has it ($SUGARBUSH_PYTHON or python3).
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { relativeHalfWidth } from '#agent/measure/stop-rule.ts';
import { parseCommandOutput } from '#agent/runtimes/command-output.ts';
import { describeNetwork } from '#core/search-space/network/describe.ts';
import { modelBytes } from '#core/search-space/network/with-weights.ts';
import { searchSpace } from '#core/search-space/registry.ts';
import { workloadOf } from '#core/search-space/workload.ts';

const folder = fileURLToPath(new URL('../../../../agent/helpers', import.meta.url));
const python = process.env['SUGARBUSH_PYTHON'] ?? 'python3';
const hasPython = spawnSync(python, ['--version']).status === 0;

/** What each imports, and the runtime that it names; LiteRT takes a converted file and is told apart below. */
const helpers = {
  'measure-openvino.py': { modules: ['openvino', 'numpy'], runtime: 'openvino' },
  'measure-onnxruntime.py': { modules: ['onnxruntime', 'numpy'], runtime: 'onnxruntime-python' },
  'measure-mnn.py': { modules: ['MNN', '_tools', 'numpy'], runtime: 'mnn' },
  'measure-ncnn.py': { modules: ['ncnn', 'pnnx', 'numpy'], runtime: 'ncnn' },
  'measure-pytorch.py': { modules: ['torch', 'onnx', 'onnx2torch', 'numpy'], runtime: 'pytorch-eager' },
  'measure-litert.py': { modules: ['ai_edge_litert', 'numpy'], runtime: 'litert' },
} as const;

const work = mkdtempSync(join(tmpdir(), 'sugarbush-helpers-'));
const model = join(work, 'network.onnx');
afterAll(() => rmSync(work, { recursive: true, force: true }));
beforeAll(() => {
  const space = searchSpace('nasbench201');
  const text = '|nor_conv_3x3~0|+|avg_pool_3x3~0|skip_connect~1|+|nor_conv_1x1~0|none~1|nor_conv_1x1~2|';
  const workload = workloadOf({ searchSpace: space.id, inputSize: 32, batchSize: 1 });
  writeFileSync(model, modelBytes(describeNetwork(space, space.parse(text), workload), 0));
});

const brief = { SUGARBUSH_THREADS: '1', SUGARBUSH_MIN_RUNS: '5', SUGARBUSH_MAX_MS: '50', SUGARBUSH_TOLERANCE: '0.01' };

function start(argv: readonly string[], env: Record<string, string> = {}) {
  const { PATH, HOME } = process.env;
  const { status, stdout, stderr } = spawnSync(python, ['-B', ...argv], {
    encoding: 'utf8',
    env: { PATH, HOME, ...brief, ...env },
  });
  return { status, stdout, stderr: stderr.trim() };
}

/** -S: a Python without its packages. */
const bare = (helper: string, words: readonly string[], env?: Record<string, string>) =>
  start(['-S', join(folder, helper), ...words], env);

it('the list above is the folder', () => {
  const programs = readdirSync(folder).filter((name) => name.startsWith('measure-'));
  expect(programs.sort()).toEqual(Object.keys(helpers).sort());
});

describe.skipIf(!hasPython).each(Object.entries(helpers))('%s', (helper, { modules, runtime }) => {
  it('refuses in one line: no model, no such file, no ONNX, an unknown word, numbers that are none', () => {
    for (const [words, said] of [
      [[], `usage: ${helper}`],
      [['--fast', model], `usage: ${helper}`],
      [['network.txt'], `usage: ${helper}`],
      [[join(work, 'none.onnx')], `no file '${join(work, 'none.onnx')}'`],
    ] as const) {
      const { status, stdout, stderr } = bare(helper, words);
      expect([status, stdout]).toEqual([1, '']);
      expect(stderr.startsWith(said)).toBe(true);
      expect(stderr).not.toContain('\n');
    }
    expect(bare(helper, [model], { SUGARBUSH_MIN_RUNS: 'many' })).toEqual({
      status: 1,
      stdout: '',
      stderr: "SUGARBUSH_MIN_RUNS is 'many', not a positive number",
    });
  });

  it('says how to install what Python does not have', () => {
    const { status, stderr } = bare(helper, [model]);
    expect(status).toBe(1);
    expect(stderr).toMatch(/^Python has no module '[\w.]+'; install it: \S+ -m pip install \S+$/);
  });

  it('measures a network with its runtime', { timeout: 120_000 }, ({ skip }) => {
    const missing = modules.filter((name) => start(['-c', `import ${name}`]).status !== 0);
    if (missing.length > 0) skip(`${python} has no ${missing.join(', ')}`);
    const { status, stdout, stderr } = start([join(folder, helper), model]);
    if (helper === 'measure-litert.py') {
      expect(stderr).toBe(`LiteRT reads no ONNX, and there is no converted model '${join(work, 'network.tflite')}'`);
      return;
    }
    expect([status, status === 0 ? '' : stderr]).toEqual([0, '']);
    const line = parseCommandOutput(stdout)!;
    expect(line.runtime).toBe(runtime);
    expect(line.version).toMatch(/^\d+\.\d+/);
    expect(line.executionProvider).toBeTruthy();
    expect(line.latenciesMs.length).toBeGreaterThanOrEqual(3);
  });
});

describe.skipIf(!hasPython)('sugarbush_helper.py', () => {
  const program = (body: string): string => {
    const file = join(work, 'program.py');
    writeFileSync(
      file,
      `import os, time\nfrom sugarbush_helper import *\nfrom sugarbush_helper import is_settled\n${body}`,
    );
    return file;
  };
  const withHelper = (body: string, words: readonly string[] = [], env: Record<string, string> = {}) =>
    start(['-S', program(body), ...words], { PYTHONPATH: folder, ...env });

  it('times what prepare returns, hands on threads and words, and prints what it reports', () => {
    const body = `
def prepare(model, threads, options):
    report = {"runtime": f"sleep-{threads}-{'-'.join(options)}", "delegate": os.environ["ORT_DISABLE_TELEMETRY"]}
    return (lambda: time.sleep(0.002)), report
main(prepare, ("--one", "--two"))`;
    const { stdout } = withHelper(body, ['--two', model], { SUGARBUSH_THREADS: '3', SUGARBUSH_MAX_MS: '120' });
    const line = parseCommandOutput(stdout)!;
    expect([line.runtime, line.delegate]).toEqual(['sleep-3---two', '1']);
    expect(Math.min(...line.latenciesMs)).toBeGreaterThanOrEqual(2);
    expect(line.latenciesMs.length).toBeGreaterThanOrEqual(3);
  });

  it('tells what a runtime throws in one line, and which precision it lacks', () => {
    const thrown = withHelper('def prepare(*_):\n    raise ValueError("no\\n  such layer")\nmain(prepare)', [model]);
    expect([thrown.status, thrown.stderr]).toEqual([1, 'ValueError: no such layer']);
    const body = 'def prepare(*_):\n    only_precision("fp32")\nmain(prepare)';
    const refused = withHelper(body, [model], { SUGARBUSH_PRECISION: 'int8' });
    expect([refused.status, refused.stderr]).toEqual([1, '--precision int8: this helper has fp32']);
  });

  it('has settled where the agent says so', () => {
    for (const period of [7, 60, 200]) {
      const samples = Array.from({ length: 201 }, (_, i) => 1 + 0.1 * Math.sin((2 * Math.PI * i) / period));
      const width = relativeHalfWidth(samples)!;
      const ask = `print([is_settled(${JSON.stringify(samples)}, t) for t in (${width * 1.001}, ${width * 0.999})])`;
      expect(withHelper(ask).stdout.trim()).toBe('[True, False]');
    }
  });
});
