// Training on the real stack: runs over the API to a champion that answers, and what may go wrong on the way.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { seededRandom } from '#core/random.ts';
import type { Fault } from '#scripts/local/s3/server.ts';
import { synthesise } from '#scripts/synth.ts';
import { texts } from '../unit/core/training/tiny-training.ts';
import { openTraining, processesOf, storeDataset, type TrainingStack } from './training-stack.ts';

vi.setConfig({ testTimeout: 300_000, hookTimeout: 300_000 });

let folder: string;
let training: TrainingStack;
let faults: ((key: string | undefined) => Fault | undefined) | undefined;
let first: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'sugarbush-training-'));
  const { folder: templateDir } = await synthesise();
  training = await openTraining(folder, templateDir, { s3Faults: ({ key }) => faults?.(key) });
  await storeDataset(training.store);
});
afterAll(async () => {
  await training?.stack.close();
  rmSync(folder, { recursive: true, force: true });
});

const predict = () =>
  training.call('POST', '/v1/predictions', {
    searchSpace: 'nasbench201',
    target: 'phone_32',
    architectures: texts.slice(0, 2),
  });

describe('a run', () => {
  test('promotes the first predictor, which answers; one run at a time, and one for each key', async () => {
    const runId = await training.start({}, 'first');
    expect(await training.start({}, 'first')).toBe(runId);
    const { status, body } = await training.call('POST', '/v1/training-runs', { searchSpace: 'nasbench201' });
    expect([status, body.code, body.issues[0].path]).toEqual([409, 'conflict', `runs/${runId}`]);
    const { run, steps } = await training.ended(runId);
    expect(run).toMatchObject({ status: 'promoted', requestedBy: 'operator' });
    expect(steps.map(({ status: each }) => each)).toEqual(Array.from({ length: 9 }, () => 'done'));
    first = run.version!;
    expect(await training.champion()).toBe(first);
    // The operator's token predicts no latency: a reader's does.
    expect((await predict()).status).toBe(403);

    const list = await training.call('GET', '/v1/predictors/nasbench201');
    expect(list.body.predictors).toMatchObject([{ version: first, alias: 'champion', outcome: 'promoted', runId }]);
    const view = await training.call('GET', `/v1/predictors/nasbench201/${first}`);
    expect(view.body).toMatchObject({ alias: 'champion', card: { runId, decision: { outcome: 'promoted' } } });
    const report = await training.call('GET', view.body.report);
    expect([report.status, report.body.slice(0, 15)]).toEqual([200, '<!doctype html>']);
    expect((await training.call('GET', '/v1/training-runs?searchSpace=nasbench201')).body.runs).toHaveLength(1);
  });

  test('is skipped where nothing is new', async () => {
    const { run } = await training.ended(await training.start());
    expect(run).toMatchObject({ status: 'skipped', failureReason: expect.stringContaining('nothing new') });
    expect(await training.champion()).toBe(first);
  });
});

test('tasks that are killed once each are called again, and the run ends as if nothing had been', async () => {
  const waiting = new Set(['Freeze', 'Plan', 'Fit', 'Evaluate', 'Decide', 'Report', 'Conclude']);
  const killing = setInterval(() => {
    for (const task of waiting) {
      const [pid] = processesOf(`SugarbushService-Training${task}`);
      if (pid === undefined) continue;
      process.kill(pid, 'SIGKILL');
      waiting.delete(task);
    }
  }, 40);
  // Those of the runs before are warm and idle: killed while nothing asks for them, they would not count.
  for (const task of waiting)
    for (const pid of processesOf(`SugarbushService-Training${task}`)) process.kill(pid, 'SIGKILL');
  try {
    const { run } = await training.ended(await training.start({ seeds: [1] }));
    expect(run.status).toMatch(/promoted|refused/);
    expect(run.decision!.reasons.length).toBeGreaterThan(0);
    expect([...waiting]).toEqual([]);
  } finally {
    clearInterval(killing);
  }
});

test('S3 answers 500, 503, 409 and 412 at random on a tenth of calls: the run ends with a reason, and a rerun is clean', async () => {
  const random = seededRandom(7);
  const kinds: Fault[] = [
    { status: 500, code: 'InternalError' },
    { status: 503, code: 'SlowDown' },
    { status: 409, code: 'ConditionalRequestConflict' },
    { status: 412, code: 'PreconditionFailed' },
  ];
  const before = await training.champion();
  let injected = 0;
  faults = (key) => {
    // The test's own requests and tokens are not its subject.
    if (key?.startsWith('tokens/') || random.next() >= 0.1) return undefined;
    injected++;
    return kinds[random.integer(kinds.length)];
  };
  let runId = '';
  try {
    runId = await training.start({ repeats: 2 }, 'faults').catch(() => '');
    if (runId === '') runId = await training.start({ repeats: 2 }, 'faults');
    await expect
      .poll(async () => (await training.show(runId).catch(() => undefined))?.run.status ?? 'running', {
        timeout: 240_000,
        interval: 500,
      })
      .not.toBe('running');
  } finally {
    faults = undefined;
  }
  expect(injected).toBeGreaterThan(5);
  const { run } = await training.show(runId);
  if (run.status !== 'promoted') expect(run.failureReason ?? run.decision?.reasons[0]).toBeTruthy();
  if (run.status !== 'promoted') expect(await training.champion()).toBe(before);
  const again = await training.ended(await training.start({ repeats: 3 }));
  expect(again.run.status).toMatch(/promoted|refused/);
});

test.each(['fit', 'evaluate', 'decide'])(
  'a stop in %s takes effect within seconds and leaves the champion',
  async (at) => {
    const before = await training.champion();
    const seed = { fit: 11, evaluate: 12, decide: 13 }[at]!;
    const runId = await training.start({ seeds: [seed] });
    await expect
      .poll(async () => (await training.show(runId)).steps.find(({ step }) => step === at)?.status, {
        timeout: 120_000,
        interval: 50,
      })
      .not.toBe('waiting');
    const { status, body } = await training.call('POST', `/v1/training-runs/${runId}/stop`);
    if (status === 200) {
      expect(body.run.status).toMatch(/stopped|refused|promoted/);
      if (body.run.status === 'stopped') {
        expect(body.run.failureReason).toBe('stopped by an operator');
        expect(await training.champion()).toBe(before);
      }
    } else expect(status).toBe(409);
    await training.ended(runId);
  },
);
