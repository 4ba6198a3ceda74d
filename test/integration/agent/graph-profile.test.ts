// The agent measuring networks that are no search space's: the standard ones, and ONNX files as they are.
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { profile } from '#agent/commands/profile.ts';
import { parseOptions } from '#command-line/parse-options.ts';
import type { Terminal } from '#command-line/terminal.ts';
import { type Profile, profileSchema } from '#core/dataset/profile.ts';
import { descriptorOperators } from '#core/descriptor/descriptor-operators.ts';
import { graphHash } from '#core/graph/graph-hash.ts';
import { bytesOf } from '#core/onnx/model.ts';
import { encodeModel } from '#core/onnx/writer.ts';
import { modelBytes } from '#core/search-space/network/with-weights.ts';
import { emptyNetwork } from '#core/standard-networks/other-networks.ts';
import { standardGraphs } from '#core/standard-networks/standard-networks.ts';
import { startServiceDouble } from './service-double.ts';

vi.setConfig({ testTimeout: 180_000 });

const folder = mkdtempSync(join(tmpdir(), 'sugarbush-graphs-'));
const program = join(folder, 'measure.sh');
beforeAll(() => {
  writeFileSync(
    program,
    '#!/bin/sh\necho \'{"latenciesMs":[2,2,2,2,2,2,2,2,2,2,2,2],"runtime":"mine","version":"1"}\'\n',
  );
  chmodSync(program, 0o755);
});
afterAll(() => rmSync(folder, { recursive: true }));

const quick = ['--max-seconds', '0.05', '--cool-down', '0.001', '--max-wait', '0.001', '--tolerance', '0.5'];

/** Of the service that is asked, where one is. */
let token = '';

async function measured(...words: readonly string[]): Promise<{ readonly profile: Profile; readonly said: string }> {
  const out = join(folder, 'profile.json');
  const { values } = parseOptions([...words, ...quick, '--no-counters', '--out', out, '--state', folder], profile);
  let said = '';
  const terminal: Terminal = {
    out: () => {},
    say: (text) => {
      said += text;
    },
    isTerminal: false,
    env: { SUGARBUSH_TOKEN: token },
    signal: new AbortController().signal,
  };
  await profile.run(values, terminal, []);
  const written = profileSchema.parse(JSON.parse(readFileSync(out, 'utf8')));
  rmSync(out);
  return { profile: written, said };
}

const mine = ['--runtime', 'command', '--command', program];
const fileOf = (name: string, bytes: Uint8Array): string => {
  writeFileSync(join(folder, name), bytes);
  return join(folder, name);
};

test('without a search space and without files, the standard networks are what is measured', async () => {
  const { profile: written, said } = await measured(...mine);
  expect(written).toMatchObject({ workloads: [], measurements: [] });
  expect(written.descriptor).toMatchObject({ list: 'standard', inputSize: null, batchSize: 1 });
  expect(written.models!.map(({ graph }) => graphHash(graph))).toEqual(standardGraphs().map(({ id }) => id));
  expect(written.models![0]).toMatchObject({ latency: { medianMs: 2 }, runs: 12, stable: true });
  expect(said).toContain('standard depthwise');
  expect(said).toContain('17 networks and 64 operators measured');
});

test('beside a search space they are measured where that is asked for', async () => {
  const both = await measured(
    ...mine,
    '--search-space',
    'nasbench201',
    '--support-set',
    '2',
    '--no-descriptor',
    '--standard',
  );
  expect(both.profile.measurements).toHaveLength(2);
  expect(both.profile.models).toHaveLength(17);
});

test('the list of operators is chosen', async () => {
  const file = fileOf('empty.onnx', modelBytes(emptyNetwork(), 0));
  const without = await measured(...mine, '--models', file);
  expect(without.profile.descriptor).toBeNull();
  const { profile: written } = await measured(...mine, '--operators', 'nasbench201', '--batch', '2');
  expect(written.descriptor).toMatchObject({ list: 'nasbench201', inputSize: 32, batchSize: 2 });
  const both = ['--models', file, '--operators', 'standard', '--no-descriptor'];
  await expect(measured(...mine, ...both)).rejects.toThrow('--operators standard and --no-descriptor');
});

test('ONNX Runtime runs every standard operator', async () => {
  const file = fileOf('empty.onnx', modelBytes(emptyNetwork(), 0));
  const what = ['--models', file, '--operators', 'standard'];
  const { profile: written } = await measured('--runtime', 'onnxruntime', ...what);
  const { operators } = written.descriptor!;
  expect(Object.keys(operators)).toEqual(descriptorOperators.standard);
  const without = Object.entries(operators).filter(([, { latency }]) => typeof latency === 'string');
  expect(without).toEqual([]);
});

test('a service names architectures and standard networks, and both are measured', async () => {
  const service = await startServiceDouble();
  try {
    token = service.token;
    const asked = [...mine, '--search-space', 'nasbench201', '--no-descriptor', '--api', service.url];
    const { profile: written } = await measured(...asked, '--support-set', '3');
    expect(written.measurements.map(({ architecture }) => architecture)).toEqual([
      '|skip_connect~0|+|none~0|none~1|+|skip_connect~0|skip_connect~1|none~2|',
      '|avg_pool_3x3~0|+|none~0|none~1|+|avg_pool_3x3~0|avg_pool_3x3~1|none~2|',
    ]);
    expect(written.models!.map(({ graph }) => graph.name)).toEqual(['standard-empty']);
    // Where all standard networks are measured anyway, architectures are asked for as before.
    const { profile: both } = await measured(...asked, '--support-set', '3', '--standard');
    expect(both.measurements).toHaveLength(3);
    expect(both.models).toHaveLength(17);
  } finally {
    await service.close();
  }
});

test('files are measured as they are, and only their graphs are in the profile', async () => {
  // Rows of a table, by numbers that come from outside; a weight that would be found in the text.
  const table = Float32Array.from({ length: 40 }, () => 0.123456789);
  const lookup = encodeModel({
    name: 'lookup',
    nodes: [{ operator: 'Gather', inputs: ['table', 'rows'], outputs: ['y'] }],
    initializers: [{ name: 'table', dataType: 'float32', shape: [10, 4], bytes: bytesOf(table) }],
    inputs: [{ name: 'rows', dataType: 'int64', shape: ['batch', 3] }],
    outputs: [{ name: 'y', dataType: 'float32', shape: ['batch', 3, 4] }],
  });
  const files = [fileOf('lookup.onnx', lookup), fileOf('empty.onnx', modelBytes(emptyNetwork(), 0))];
  const { profile: written, said } = await measured('--runtime', 'onnxruntime', '--models', ...files);
  expect(said).not.toContain('failed');
  expect(written.models!.map(({ graph }) => graph.name)).toEqual(['lookup', 'standard-empty']);
  expect(written.models![0]!.graph.inputs).toEqual([{ name: 'rows', type: 'int64', shape: [1, 3] }]);
  expect(JSON.stringify(written)).not.toContain('0.12345');
});

test('a file that cannot be measured is refused by its name before anything runs', async () => {
  const missing = join(folder, 'none.onnx');
  await expect(measured(...mine, '--models', missing)).rejects.toThrow(`--models ${missing}: ENOENT`);
  const text = fileOf('text.onnx', new TextEncoder().encode('not a model'));
  await expect(measured(...mine, '--models', text)).rejects.toThrow(`--models ${text}: `);
  // The example has no weights: nothing could run it.
  const example = fileURLToPath(new URL('../../../examples/mobilenetv2.onnx', import.meta.url));
  await expect(measured(...mine, '--models', example)).rejects.toThrow(
    /mobilenetv2\.onnx: the file states \d+ of its \d+ tensors, such as "[^"]+", without their values: it can be predicted, not run; export it with its weights$/,
  );
});

test('open dimensions are bound by name, and what stays open is said with the way to bind it', async () => {
  const sum = encodeModel({
    name: 'sum',
    nodes: [{ operator: 'Add', inputs: ['x', 'x'], outputs: ['y'] }],
    initializers: [],
    inputs: [{ name: 'x', dataType: 'float32', shape: ['batch', 'length'] }],
    outputs: [{ name: 'y', dataType: 'float32', shape: ['batch', 'length'] }],
  });
  const file = fileOf('sum.onnx', sum);
  const real = ['--runtime', 'onnxruntime', '--models', file];
  await expect(measured(...real)).rejects.toThrow(
    /sum\.onnx: dimensions are open: .*"length".*; give each as --dim NAME=LENGTH/,
  );
  const { profile: written, said } = await measured(...real, '--dim', 'length=24');
  expect(said).not.toContain('failed');
  expect(written.models![0]!.graph.inputs).toEqual([{ name: 'x', type: 'float32', shape: [1, 24] }]);
  const { profile: whole } = await measured(...real, '--dim', 'x=2x8');
  expect(whole.models![0]!.graph.inputs).toEqual([{ name: 'x', type: 'float32', shape: [2, 8] }]);
});
