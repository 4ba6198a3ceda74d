import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { type Profile, profileSchema } from '#core/dataset/profile.ts';
import { graphHash } from '#core/graph/graph-hash.ts';
import { readOnnx } from '#core/graph/read-onnx.ts';
import { sessionCard } from '#data/fleet/measuring/session-card.ts';
import { expectedMs } from '#data/fleet/measuring/session-clock.ts';
import { sessionParts } from '#data/fleet/measuring/session-parts.ts';
import { mostDisagreement, noiseFloor, sessionOf } from '#data/fleet/measuring/session-profile.ts';
import { zooChoice } from '#data/fleet/measuring/zoo-choice.ts';
import { randomWeights, readZoo, zooModelBytes } from '#scripts/zoo-models.ts';

const fixture = new URL('../../fixtures/profiles/raspberry-pi-5.json', import.meta.url);
const base = profileSchema.parse(JSON.parse(readFileSync(fixture, 'utf8')));
const zoo = readZoo(new URL('../../../data/zoo/graphs.jsonl.gz', import.meta.url));

/** Latencies by architecture, measured at that minute. */
function part(minute: number, searchSpace: 'nasbench201' | 'ofa', latencies: Record<string, number>): Profile {
  const measurements = Object.entries(latencies).map(([architecture, medianMs]) => ({
    workload: 0,
    architecture,
    latency: { medianMs, trimmedMeanMs: medianMs, spreadMs: medianMs / 100 },
    runs: 30,
    stable: true,
  }));
  const { models: _, ...others } = base;
  const time = `2026-01-01T00:0${minute}:00.000Z`;
  const clock = { ...base.context.clock, startedAt: time, endedAt: time };
  return {
    ...others,
    context: { ...base.context, clock },
    workloads: [{ searchSpace, inputSize: 32, batchSize: 1 }],
    descriptor: minute === 1 ? base.descriptor : null,
    measurements,
  };
}

test('parts: every network once in the rounds, the same seeds first at both ends, operators with the first', () => {
  const paths = ['a.onnx', 'b.onnx', 'c.onnx', 'd.onnx'];
  const parts = sessionParts({ cells: 5, mobile: 3, zoo: 3, rounds: 2, repeats: 1, seed: 7 }, paths);
  expect(parts.map(({ name, count }) => [name, count])).toEqual([
    ['start', 4],
    ['cells-0', 67],
    ['others-0', 6],
    ['cells-1', 2],
    ['others-1', 3],
    ['end', 4],
  ]);
  const text = (name: string): string => parts.find((one) => one.name === name)!.options.join(' ');
  expect(text('start')).toBe(
    ['nasbench201', 'fbnet', 'ofa'].map((id) => `--search-space ${id} `).join('') +
      '--support-set 1 --models a.onnx --no-descriptor --seed 7',
  );
  expect(text('end')).toBe(text('start'));
  expect(text('cells-0')).toBe('--search-space nasbench201 --support-set 3 --operators standard --seed 7');
  expect(text('others-0')).toContain('--support-set 2 --models a.onnx c.onnx --no-descriptor --seed 7');
  expect(text('others-1')).toContain('--support-set 1 --models b.onnx --no-descriptor --seed 8');
});

test('how long a part may take: a guess at first, then as the slowest so far, by hand', () => {
  expect(expectedMs(10, [])).toBe(3000 + 1.1 * 10 * 1500);
  const done = [
    { count: 10, tookMs: 8000 },
    { count: 4, tookMs: 11_000 },
  ];
  expect(expectedMs(5, done)).toBe(3000 + 1.1 * 5 * 2000);
});

test('a session is its rounds in order of time, each network once; its ends say how it agrees with itself', () => {
  const parts = new Map([
    ['end', part(4, 'nasbench201', { a: 1.1, b: 2, c: 2.94 })],
    ['others-0', part(2, 'ofa', { a: 9 })],
    ['cells-1', part(3, 'nasbench201', { d: 4, a: 7 })],
    ['cells-0', part(1, 'nasbench201', { a: 1, b: 2 })],
    ['start', part(0, 'nasbench201', { a: 1, b: 2, c: 3 })],
  ]);
  const session = sessionOf('t', parts)!;
  const { profile } = session;
  expect(profile.workloads.map(({ searchSpace }) => searchSpace)).toEqual(['nasbench201', 'ofa']);
  expect(
    profile.measurements.map(({ workload, architecture, latency }) => [workload, architecture, latency.medianMs]),
  ).toEqual([
    [0, 'a', 1],
    [0, 'b', 2],
    [1, 'a', 9],
    [0, 'd', 4],
  ]);
  expect(profile.descriptor).toEqual(base.descriptor);
  expect([profile.context.clock.startedAt, profile.context.clock.endedAt]).toEqual([
    '2026-01-01T00:01:00.000Z',
    '2026-01-01T00:03:00.000Z',
  ]);
  const noise = noiseFloor(session)!;
  // ln 1.1 = .09531, ln 1 = 0, ln .98 = −.0202027.
  expect(noise.count).toBe(3);
  expect(noise.factor).toBeCloseTo(1, 12);
  expect(noise.median).toBeCloseTo(0.0202027, 7);
  expect(noise.high).toBeCloseTo(0.0953102, 7);
  const card = sessionCard('pi', [{ name: 't', ...session }], 'node x --seed 1');
  expect(card).toMatch(
    /^\| t \| `[a-z0-9-]+` \| .* \| 3 \| 1 \| 0 \| 0 .* 3 \| 1\.000 \| 2\.02 % \| 9\.53 % \| 2\.02 % \| agrees \|$/m,
  );
});

test('a target whose ends differ by more than 3 % in the median is to be measured again', () => {
  const rounds = part(1, 'nasbench201', { a: 1 });
  const session = { profile: rounds, start: rounds, end: part(2, 'nasbench201', { a: 1.031 }) };
  expect(sessionCard('pi', [{ name: 't', ...session }], 'x')).toContain('| measure again |');
  expect(sessionCard('pi', [{ name: 't', ...session, end: undefined }], 'x')).toContain('| not repeated |');
});

test('parts of two targets are no session', () => {
  const other = part(2, 'nasbench201', { a: 1 });
  const parts = new Map([
    ['start', part(1, 'nasbench201', { a: 1 })],
    ['cells-0', { ...other, target: { ...other.target, precision: 'int8' } }],
  ]);
  expect(() => sessionOf('t', parts)).toThrow('t: its parts are of 2 targets');
  expect(sessionOf('t', new Map([['start', other]]))).toBeUndefined();
});

test('the chosen models are different ones of the zoo, and with weights they read back as they are', async () => {
  const graphs = zooChoice.map((name) => zoo.find((graph) => graph.name === name)!);
  expect(new Set(graphs).size).toBe(zooChoice.length);
  expect(graphs).not.toContain(undefined);
  const file = join(mkdtempSync(join(tmpdir(), 'zoo-')), 'x.onnx');
  for (const name of ['lstm_speech_2x256', 'bert_mini_64', 'kws_conv1d']) {
    const graph = graphs.find((one) => one.name === name)!;
    writeFileSync(file, zooModelBytes(graph, randomWeights(0)));
    const bytes = readFileSync(file);
    const source = {
      byteLength: bytes.length,
      slice: (start: number, end: number) =>
        Promise.resolve(bytes.buffer.slice(bytes.byteOffset + start, bytes.byteOffset + end) as ArrayBuffer),
    };
    expect(graphHash(await readOnnx(source, { batch: 1 }))).toBe(graphHash(graph));
  }
});

const shipped = new URL('../../../data/fleet/epyc/', import.meta.url);
const sessions = readdirSync(shipped).filter((file) => file.endsWith('.json.gz'));

test('there are shipped sessions', () => expect(sessions.length).toBeGreaterThan(0));

test.each(sessions)('%s has all kinds of networks and agrees with itself', (file) => {
  const read = (name: string): Profile =>
    profileSchema.parse(JSON.parse(gunzipSync(readFileSync(new URL(name, shipped))).toString('utf8')));
  const { workloads, measurements, models, descriptor } = read(file);
  const spaces = new Set(measurements.map(({ workload }) => workloads[workload]!.searchSpace));
  expect([...spaces].sort()).toEqual(['fbnet', 'nasbench201', 'ofa']);
  expect(models!.length).toBeGreaterThanOrEqual(40);
  expect(Object.keys(descriptor!.operators)).toHaveLength(64);
  const [start, end] = ['start', 'end'].map((name) => read(`repeats/${file.replace('.json', `@${name}.json`)}`));
  const floor = noiseFloor({ start, end })!;
  expect(floor.count).toBe(16);
  expect(floor.median).toBeLessThanOrEqual(mostDisagreement);
});
