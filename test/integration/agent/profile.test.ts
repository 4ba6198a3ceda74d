// The bundled agent measuring for real: short samplings, the real runtime, a real profile.
import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { findPerf } from '#agent/perf/perf-command.ts';
import { type Profile, profileSchema } from '#core/dataset/profile.ts';
import { targetId } from '#core/dataset/target-id.ts';
import { counterNames } from '#core/descriptor/counters.ts';
import { descriptorOperators } from '#core/descriptor/descriptor-operators.ts';
import { acceptProfile } from '#core/intake/acceptance.ts';
import { workloadKey } from '#core/search-space/workload.ts';
import { buildAgent } from '#scripts/build-agent.ts';
import { type ServiceDouble, startServiceDouble } from './service-double.ts';

const folder = mkdtempSync(join(tmpdir(), 'sugarbush-profile-'));
let bundle = '';
beforeAll(async () => {
  // In the checkout, so that it finds the runtimes as on a device: beside itself or where it is started.
  bundle = await buildAgent(join(folder, 'agent'));
});
afterAll(() => rmSync(folder, { recursive: true }));

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function agent(
  args: readonly string[],
  env: Record<string, string> = {},
): { child: ChildProcess; ended: Promise<Ended> } {
  const child = spawn(process.execPath, [bundle, ...args], { env: { ...process.env, ...env } });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk: Buffer) => {
    stdout += chunk.toString();
  });
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  return { child, ended: new Promise((resolve) => child.once('close', (code) => resolve({ code, stdout, stderr }))) };
}

const quick = ['--max-seconds', '0.05', '--cool-down', '0.01', '--max-wait', '0.01', '--tolerance', '0.5'];
const measure = ['--search-space', 'nasbench201', '--runtime', 'onnxruntime', ...quick];
const read = (file: string): Profile => {
  const bytes = readFileSync(file);
  return profileSchema.parse(JSON.parse((file.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString()));
};

test('a whole profile: target, context, 21 operators with counters, networks; the service’s own rules accept it', async () => {
  const out = join(folder, 'whole.json.gz');
  const { code, stdout, stderr } = await agent([
    'profile',
    ...measure,
    '--support-set',
    '3',
    '--raw-samples',
    '--out',
    out,
  ]).ended;
  expect([0, 3], stderr).toContain(code);
  const profile = read(out);
  expect(stdout).toBe(`${targetId(profile.target)}\n`);
  expect(profile.target.runtime).toMatchObject({
    name: 'onnxruntime',
    executionProvider: 'cpu',
    settings: { threads: 1, graphOptimization: 'all' },
  });
  expect(profile.target.precision).toBe('fp32');
  expect(profile.workloads).toEqual([{ searchSpace: 'nasbench201', inputSize: 32, batchSize: 1 }]);
  expect(profile.descriptor).toMatchObject({ list: 'nasbench201', inputSize: 32, batchSize: 1 });
  expect(profile.measurements).toHaveLength(3);
  for (const { samplesMs, runs, latency } of profile.measurements) {
    expect(samplesMs).toHaveLength(Math.min(1000, runs!));
    expect(latency.medianMs).toBeGreaterThan(0);
  }
  const operators = profile.descriptor!.operators;
  expect(Object.keys(operators)).toEqual([...descriptorOperators.nasbench201]);
  const perf = await findPerf();
  for (const operator of Object.values(operators)) {
    expect(Object.keys(operator.counters)).toEqual([...counterNames]);
    // A convolution that took no time was not counted around the inferences.
    if (perf?.hasControl) expect(operator.counters['task-clock-ms']).toBeGreaterThan(0);
    else expect(operator.counters['task-clock-ms']).toBe('unsupported');
  }
  // CPU time per inference is near the latency of one thread, not the whole run's total.
  if (perf?.hasControl) {
    const { latency, counters } = operators['backbone/stem']!;
    const ratio = (counters['task-clock-ms'] as number) / (latency as { medianMs: number }).medianMs;
    expect(ratio).toBeGreaterThan(0.2);
    expect(ratio).toBeLessThan(20);
  }
  const body = gzipSync(JSON.stringify(profile));
  const sha256 = createHash('sha256').update(body).digest('hex');
  const expected = { sizeBytes: body.byteLength, sha256, deviceId: 'd' };
  const judged = acceptProfile(body, expected);
  // On a busy machine every short sampling may be too unsteady; nothing else may be wrong with it.
  if (judged.outcome === 'quarantined') expect(judged.reason.code).toBe('no-measurements-left');
  else expect(judged.profile.targetId).toBe(targetId(profile.target));
}, 120_000);

test('one profile of two search spaces at two batch sizes; what is run does not change the target', async () => {
  const out = join(folder, 'several.json');
  const spaces = ['--search-space', 'fbnet', '--search-space', 'nasbench201', '--batch', '1', '--batch', '2'];
  const args = ['profile', ...spaces, '--runtime', 'onnxruntime', ...quick, '--input-size', '32', '--no-counters'];
  const { code, stdout, stderr } = await agent([...args, '--support-set', '2', '--out', out]).ended;
  expect([0, 3], stderr).toContain(code);
  const profile = read(out);
  expect(profile.workloads.map(workloadKey)).toEqual([
    'fbnet/32/1',
    'fbnet/32/2',
    'nasbench201/32/1',
    'nasbench201/32/2',
  ]);
  expect(profile.measurements.map(({ workload }) => workload)).toEqual([0, 0, 1, 1, 2, 2, 3, 3]);
  expect(profile.descriptor).toMatchObject({ list: 'nasbench201', inputSize: 32, batchSize: 1 });
  const alone = join(folder, 'alone.json');
  const one = ['profile', ...measure, '--support-set', '1', '--no-descriptor', '--out', alone];
  expect((await agent(one).ended).stdout).toBe(stdout);
}, 120_000);

test('killed in the middle, it goes on where it was', async () => {
  const out = join(folder, 'resumed.json');
  const args = ['profile', ...measure, '--no-descriptor', '--support-set', '6', '--out', out];
  const { child, ended } = agent(args);
  const partial = `${out}.partial`;
  const lines = (): number =>
    existsSync(partial)
      ? readFileSync(partial, 'utf8')
          .split('\n')
          .filter((l) => l !== '').length
      : 0;
  await expect.poll(lines, { timeout: 30_000, interval: 10 }).toBeGreaterThanOrEqual(2);
  child.kill('SIGKILL');
  await ended;
  expect(existsSync(out)).toBe(false);
  const kept = readFileSync(partial, 'utf8')
    .split('\n')
    .filter((line) => line !== '');
  const { code } = await agent(args).ended;
  expect([0, 3]).toContain(code);
  const profile = read(out);
  expect(profile.measurements).toHaveLength(6);
  expect(existsSync(partial)).toBe(false);
  // What had been measured is in it as it was.
  for (const line of kept) {
    const [, , entry] = JSON.parse(line) as [string, string, { measurement: unknown }];
    expect(profile.measurements).toContainEqual(entry.measurement);
  }
}, 120_000);

test('SIGTERM stops it within seconds, with its own exit code, and leaves no process', async () => {
  const args = [
    'profile',
    '--search-space',
    'fbnet',
    '--runtime',
    'onnxruntime',
    '--max-seconds',
    '60',
    '--out',
    join(folder, 'x.json'),
  ];
  const { child, ended } = agent(args);
  await new Promise((resolve) => setTimeout(resolve, 2500));
  child.kill('SIGTERM');
  expect((await ended).code).toBe(130);
}, 30_000);

describe('other ways to measure', () => {
  test('fbnet and ofa, without a descriptor, and the WebAssembly runtime', async () => {
    for (const [space, runtime] of [
      ['fbnet', 'onnxruntime'],
      ['ofa', 'onnxruntime-web'],
    ]) {
      const out = join(folder, `${space}.json`);
      const args = [
        'profile',
        '--search-space',
        space!,
        '--runtime',
        runtime!,
        ...quick,
        '--support-set',
        '1',
        '--out',
        out,
      ];
      const { code, stderr } = await agent(args).ended;
      expect([0, 3], stderr).toContain(code);
      expect(read(out)).toMatchObject({ descriptor: null, target: { runtime: { name: runtime } } });
    }
  }, 120_000);

  test('a program of one’s own, and one that fails on every network', async () => {
    const program = join(folder, 'mine.sh');
    writeFileSync(program, '#!/bin/sh\necho \'{"latenciesMs":[2,2,2,2,2,2,2,2,2,2,2,2]}\'\n');
    chmodSync(program, 0o755);
    const out = join(folder, 'mine.json');
    const base = ['profile', '--search-space', 'nasbench201', '--runtime', 'command', '--support-set', '2', ...quick];
    expect((await agent([...base, '--command', program, '--out', out]).ended).code).toBe(0);
    expect(read(out).measurements[0]!.latency.medianMs).toBe(2);
    expect(read(out).descriptor!.operators['stage1/none']!.counters['cpu-cycles']).toBe('unsupported');

    writeFileSync(program, '#!/bin/sh\necho "no such layer" >&2\nexit 9\n');
    const failed = await agent([...base, '--command', program, '--out', join(folder, 'none.json')]).ended;
    expect(failed.code).toBe(4);
    expect(failed.stderr).toContain('none of 2 networks could be measured');
    expect(failed.stderr).toContain('no such layer');
  }, 60_000);

  test.each([
    [['--search-space', 'x', '--runtime', 'onnxruntime'], 2, /--search-space 'x'/],
    [['--search-space', 'ofa', '--runtime', 'onnxruntime', '--input-size', '32'], 2, /states its own/],
    [['--search-space', 'nasbench201', '--runtime', 'onnxruntime', '--input-size', '30'], 2, /steps of 4/],
    [['--search-space', 'nasbench201', '--runtime', 'tflite', '--program', '/bin/true'], 2, /takes \.tflite files/],
    [
      ['--search-space', 'nasbench201', '--runtime', 'tensorrt', '--program', '/no/trtexec'],
      4,
      /no program '\/no\/trtexec'/,
    ],
    [['--search-space', 'nasbench201', '--runtime', 'onnxruntime', '--precision', 'int8'], 2, /onnxruntime has fp32/],
    [['--search-space', 'nasbench201', '--runtime', 'command'], 2, /wants --command/],
  ])('%s', async (args, code, message) => {
    const ended = await agent([
      'profile',
      ...args,
      '--support-set',
      '1',
      '--no-descriptor',
      '--out',
      join(folder, 'no.json'),
    ]).ended;
    expect(ended.stderr).toMatch(message);
    expect(ended.code).toBe(code);
  });
});

describe('run: profile and upload when something changed', () => {
  let service: ServiceDouble;
  beforeEach(async () => {
    service = await startServiceDouble();
  });
  afterEach(() => service.close());

  test('first a profile; unchanged, nothing; changed, a new one', async () => {
    const state = join(folder, 'run');
    const program = join(folder, 'speed.sh');
    const latency = join(folder, 'latency');
    writeFileSync(
      program,
      `#!/bin/sh\nl=$(cat ${latency})\necho "{\\"latenciesMs\\":[$l,$l,$l,$l,$l,$l,$l,$l,$l,$l,$l,$l]}"\n`,
    );
    chmodSync(program, 0o755);
    const args = ['run', '--once', '--search-space', 'nasbench201', '--runtime', 'command', '--command', program];
    const round = (): Promise<Ended> =>
      agent(
        [
          ...args,
          ...quick,
          '--tolerance',
          '0.01',
          '--support-set',
          '4',
          '--no-descriptor',
          '--api',
          service.url,
          '--state',
          state,
        ],
        {
          SUGARBUSH_TOKEN: service.token,
        },
      ).ended;
    writeFileSync(latency, '2');
    const first = await round();
    expect(first.code, first.stderr).toBe(0);
    expect(service.uploads).toHaveLength(1);
    const unchanged = await round();
    expect(unchanged.stderr).toContain('unchanged: nothing to send');
    expect(service.uploads).toHaveLength(1);
    writeFileSync(latency, '2.4');
    const changed = await round();
    expect(changed.stderr).toContain('canaries at 1.200, 1.200, 1.200 of the last profile, changed');
    expect(service.uploads).toHaveLength(2);
    expect((await round()).stderr).toContain('unchanged');
  }, 60_000);

  test('a round in which nothing can be measured is not the last one', async () => {
    const program = join(folder, 'flaky.sh');
    const count = join(folder, 'calls');
    const samples = Array(12).fill(2).join();
    // Fails in the whole first round, and works from then on.
    writeFileSync(
      program,
      `#!/bin/sh\necho x >> ${count}\n[ $(wc -l < ${count}) -gt 2 ] || exit 9\necho '{"latenciesMs":[${samples}]}'\n`,
    );
    chmodSync(program, 0o755);
    const what = ['--search-space', 'nasbench201', '--runtime', 'command', '--command', program, '--no-descriptor'];
    const where = ['--api', service.url, '--state', join(folder, 'flaky')];
    const { child, ended } = agent(['run', '--every', '0.0003', ...what, ...quick, '--support-set', '2', ...where], {
      SUGARBUSH_TOKEN: service.token,
    });
    try {
      await expect.poll(() => service.uploads.length, { timeout: 20_000 }).toBe(1);
    } finally {
      child.kill('SIGTERM');
    }
    const { code, stderr } = await ended;
    expect(code).toBe(130);
    expect(stderr).toContain('none of 2 networks could be measured');
    expect(stderr).toContain('next round in');
  }, 60_000);
});
