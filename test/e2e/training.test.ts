// Training on the real stack: runs over the API to a champion that answers, and S3 that fails on the way.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { seededRandom } from '#core/random.ts';
import { synthesise } from '#scripts/synth.ts';
import type { Fault, FaultRequest } from '#stack/s3/server.ts';
import { halfPublished } from '../unit/core/training/published.ts';
import { storeStandardTarget, texts } from '../unit/core/training/tiny-training.ts';
import { replayExamples } from './documented-examples.ts';
import {
  momentOf,
  openTraining,
  processesOf,
  storeDataset,
  type TaskName,
  type TrainingStack,
} from './training-stack.ts';

vi.setConfig({ testTimeout: 300_000, hookTimeout: 300_000 });

let folder: string;
let training: TrainingStack;
let faults: ((request: FaultRequest) => Fault | undefined) | undefined;
let first: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'sugarbush-training-'));
  const { folder: templateDir } = await synthesise();
  training = await openTraining(folder, templateDir, { s3Faults: (request) => faults?.(request) });
  await storeDataset(training.store);
});
afterAll(async () => {
  await training?.stack.close();
  rmSync(folder, { recursive: true, force: true });
});

const predict = () =>
  training.callAs('reader', 'POST', '/v1/predictions', {
    searchSpace: 'nasbench201',
    batchSize: 32,
    target: 'phone',
    architectures: texts.slice(0, 2),
  });

describe('a run', () => {
  test('promotes the first predictor, though each task is killed once in its work; one run at a time, one for a key', async () => {
    const notKilled = new Set(Object.keys(momentOf) as TaskName[]);
    faults = (request) => {
      for (const task of notKilled) {
        if (!momentOf[task](request)) continue;
        for (const pid of processesOf(`SugarbushService-Training${task}`)) process.kill(pid, 'SIGKILL');
        notKilled.delete(task);
      }
      return undefined;
    };
    const runId = await training.start({}, 'first');
    expect(await training.start({}, 'first')).toBe(runId);
    const { status, body } = await training.call('POST', '/v1/training-runs', {});
    expect([status, body.code, body.issues[0].path]).toEqual([409, 'conflict', `runs/${runId}`]);
    const { run, steps, timeLeftS } = await training.ended(runId).finally(() => {
      faults = undefined;
    });
    expect([...notKilled]).toEqual([]);
    expect(run).toMatchObject({ status: 'promoted', requestedBy: 'operator', heldOut: { devices: 4, folds: 2 } });
    expect(steps.map(({ status: each }) => each)).toEqual(Array.from({ length: 9 }, () => 'done'));
    expect(timeLeftS).toBeNull();
    first = run.version!;
    expect(await training.champion()).toBe(first);
    // The record ends first; what it leaves is cleared right after.
    await expect.poll(() => halfPublished(training.store), { timeout: 60_000 }).toEqual([]);
    const { status: answered, body: answer } = await predict();
    expect([answered, answer.results[0].predictor.version]).toEqual([200, first]);

    const list = await training.call('GET', '/v1/predictors');
    expect(list.body.predictors).toMatchObject([{ version: first, alias: 'champion', outcome: 'promoted', runId }]);
    const view = await training.call('GET', `/v1/predictors/${first}`);
    expect(view.body).toMatchObject({ alias: 'champion', card: { runId, decision: { outcome: 'promoted' } } });
    expect(view.body.card.evaluation.protocol).toMatch(/^The 4 devices were held out in 2 groups/);
    const report = await training.call('GET', view.body.report);
    expect([report.status, report.body.slice(0, 15)]).toEqual([200, '<!doctype html>']);
    expect((await training.call('GET', '/v1/training-runs')).body.runs).toHaveLength(1);
  });

  test('is skipped where nothing is new', async () => {
    const { run } = await training.ended(await training.start());
    expect(run).toMatchObject({ status: 'skipped', failureReason: expect.stringContaining('nothing new') });
    expect(await training.champion()).toBe(first);
  });

  test('and all that the service can do is done as the examples of its document say', async () => {
    const { stack, reader, operator } = training;
    expect(await replayExamples({ api: stack.apiUrl, reader, operator })).toEqual([]);
  });

  test('is refused to readers, for what is not a request, and where there is none', async () => {
    const start = (role: 'reader' | 'operator', body: object) =>
      training.callAs(role, 'POST', '/v1/training-runs', body).then(({ status, body: { code } }) => [status, code]);
    expect(await start('reader', {})).toEqual([403, 'forbidden']);
    expect(await start('operator', { searchSpace: 'nasbench201' })).toEqual([400, 'invalid-request']);
    expect(await start('operator', { seeds: [] })).toEqual([400, 'invalid-request']);
    expect(await start('operator', { epochs: 3 })).toEqual([400, 'invalid-request']);
    for (const path of ['/v1/training-runs/none', '/v1/predictors/none', '/v1/predictors/none/report']) {
      expect([path, (await training.call('GET', path)).status]).toEqual([path, 404]);
    }
    const champion = (role: 'reader' | 'operator', version: string) =>
      training.callAs(role, 'PUT', '/v1/predictors/aliases/champion', { version });
    expect((await champion('reader', first)).status).toBe(403);
    expect((await champion('operator', 'none')).status).toBe(404);
    expect(await champion('operator', first)).toMatchObject({ status: 200, body: { champion: first } });
  });

  test('says how long it takes from the last one, and with a device a group is leave-one-device-out', async () => {
    const runId = await training.start({ folds: 12, seeds: [1] });
    let { run, steps, timeLeftS } = await training.show(runId);
    // Of every step there is an estimate from the run before, from the beginning on.
    expect([run.status, timeLeftS]).toEqual(['running', expect.any(Number)]);
    const counted = new Set<string>();
    while (run.status === 'running') {
      for (const { step, done, total } of steps) if (done !== undefined && total !== undefined) counted.add(step);
      ({ run, steps, timeLeftS } = await training.show(runId));
    }
    expect(run).toMatchObject({ heldOut: { devices: 4, folds: 4 } });
    expect([...counted]).toEqual(expect.arrayContaining(['freeze', 'fit', 'evaluate']));
    expect(steps.find(({ step }) => step === 'evaluate')).toMatchObject({ status: 'done', done: 4, total: 4 });
    const view = await training.call('GET', `/v1/predictors/${run.version}`);
    expect(view.body.card.evaluation.protocol).toMatch(
      /^Each of the 4 devices was held out in turn \(leave-one-device-out\)/,
    );
  });

  test('learns from targets that have measured the standard networks and nothing else', async () => {
    for (const target of ['camera', 'gate']) await storeStandardTarget(training.store, target);
    const runId = await training.start({ seeds: [2] }, 'standard');
    const { run } = await training.ended(runId);
    expect(run).toMatchObject({ heldOut: { devices: 4 } });
    const view = await training.call('GET', `/v1/predictors/${run.version}`);
    expect(view.body.card.snapshot.targets).toEqual(
      expect.arrayContaining(['camera', 'gate'].map((id) => ({ id, device: id, measurements: 17 }))),
    );
  });
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
  faults = ({ key }) => {
    // The test's own requests and tokens are not its subject.
    if (key?.startsWith('tokens/') || random.next() >= 0.1) return undefined;
    injected++;
    return kinds[random.integer(kinds.length)];
  };
  let runId = '';
  try {
    while (runId === '') runId = await training.start({ repeats: 2 }, 'faults').catch(() => '');
    await expect
      .poll(
        async () => {
          const { status, body } = await training.call('GET', `/v1/training-runs/${runId}`);
          // A reader of the API meets the same faults.
          return status === 200 ? body.run.status : 'running';
        },
        { timeout: 240_000, interval: 500 },
      )
      .not.toBe('running');
  } finally {
    faults = undefined;
  }
  expect(injected).toBeGreaterThan(5);
  const whole = async (id: string, championBefore: string | undefined) => {
    const { run, steps } = await training.show(id);
    expect(run.status).toMatch(/^(promoted|refused|failed)$/);
    expect(await training.champion()).toBe(run.status === 'promoted' ? run.version : championBefore);
    const reason = run.status === 'failed' ? run.failureReason : run.decision?.reasons[0];
    expect(reason).toMatch(/\w{3}/);
    if (run.status === 'failed') expect(steps.map(({ step }) => step)).toContain(run.failedStep);
    // The record ends first; what it leaves is cleared right after.
    await expect.poll(() => halfPublished(training.store), { timeout: 60_000 }).toEqual([]);
    expect((await predict()).status).toBe(200);
    return run.status;
  };
  await whole(runId, before);
  const championBefore = await training.champion();
  const again = await training.start({ repeats: 3 });
  await training.ended(again);
  expect(await whole(again, championBefore)).toMatch(/^(promoted|refused)$/);
});
