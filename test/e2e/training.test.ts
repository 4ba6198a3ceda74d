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
  training.callAs('reader', 'POST', '/v1/predictions', {
    searchSpace: 'nasbench201',
    target: 'phone_32',
    architectures: texts.slice(0, 2),
  });

describe('a run', () => {
  test('promotes the first predictor, though each task is killed once; one run at a time, and one for each key', async () => {
    const notKilled = new Set(['Freeze', 'Plan', 'Fit', 'Evaluate', 'Decide', 'Report', 'Adapt', 'Conclude']);
    const killing = setInterval(() => {
      for (const task of notKilled) {
        const [pid] = processesOf(`SugarbushService-Training${task}`);
        if (pid === undefined) continue;
        process.kill(pid, 'SIGKILL');
        notKilled.delete(task);
      }
    }, 30);
    const runId = await training.start({}, 'first');
    expect(await training.start({}, 'first')).toBe(runId);
    const { status, body } = await training.call('POST', '/v1/training-runs', { searchSpace: 'nasbench201' });
    expect([status, body.code, body.issues[0].path]).toEqual([409, 'conflict', `runs/${runId}`]);
    const { run, steps } = await training.ended(runId).finally(() => clearInterval(killing));
    expect([...notKilled]).toEqual([]);
    expect(run).toMatchObject({ status: 'promoted', requestedBy: 'operator' });
    expect(steps.map(({ status: each }) => each)).toEqual(Array.from({ length: 9 }, () => 'done'));
    first = run.version!;
    expect(await training.champion()).toBe(first);
    const { status: answered, body: answer } = await predict();
    expect([answered, answer.results[0].predictor.version]).toEqual([200, first]);

    const list = await training.call('GET', '/v1/predictors/nasbench201');
    expect(list.body.predictors).toMatchObject([{ version: first, alias: 'champion', outcome: 'promoted', runId }]);
    const view = await training.call('GET', `/v1/predictors/nasbench201/${first}`);
    expect(view.body).toMatchObject({ alias: 'champion', card: { runId, decision: { outcome: 'promoted' } } });
    const report = await training.call('GET', view.body.report);
    expect([report.status, report.body.slice(0, 15)]).toEqual([200, '<!doctype html>']);
    expect((await training.call('GET', '/v1/training-runs?searchSpace=nasbench201')).body.runs).toHaveLength(1);
  });

  test('is refused to readers, for what is not a request, and where there is none', async () => {
    const start = (role: 'reader' | 'operator', body: object) =>
      training.callAs(role, 'POST', '/v1/training-runs', body).then(({ status, body: { code } }) => [status, code]);
    expect(await start('reader', { searchSpace: 'nasbench201' })).toEqual([403, 'forbidden']);
    expect(await start('operator', { searchSpace: 'nasbench202' })).toEqual([404, 'unknown-search-space']);
    expect(await start('operator', { searchSpace: 'nasbench201', seeds: [] })).toEqual([400, 'invalid-request']);
    expect(await start('operator', { searchSpace: 'nasbench201', epochs: 3 })).toEqual([400, 'invalid-request']);
    for (const path of [
      '/v1/training-runs/none',
      '/v1/predictors/nasbench201/none',
      '/v1/predictors/nasbench201/none/report',
    ]) {
      expect([path, (await training.call('GET', path)).status]).toEqual([path, 404]);
    }
    const champion = (role: 'reader' | 'operator', version: string) =>
      training.callAs(role, 'PUT', '/v1/predictors/nasbench201/aliases/champion', { version });
    expect((await champion('reader', first)).status).toBe(403);
    expect((await champion('operator', 'none')).status).toBe(404);
    expect(await champion('operator', first)).toMatchObject({ status: 200, body: { champion: first } });
  });

  test('is skipped where nothing is new', async () => {
    const { run } = await training.ended(await training.start());
    expect(run).toMatchObject({ status: 'skipped', failureReason: expect.stringContaining('nothing new') });
    expect(await training.champion()).toBe(first);
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
  faults = (key) => {
    // The test's own requests and tokens are not its subject.
    if (key?.startsWith('tokens/') || random.next() >= 0.1) return undefined;
    injected++;
    return kinds[random.integer(kinds.length)];
  };
  let runId = '';
  try {
    runId = await training.start({ repeats: 2 }, 'faults').catch(() => '');
    while (runId === '') runId = await training.start({ repeats: 2 }, 'faults').catch(() => '');
    await expect
      .poll(
        async () => {
          const { status, body } = await training.call('GET', `/v1/training-runs/${runId}`);
          // A reader of the API meets the same faults.
          return status === 200 ? body.run.status : 'running';
        },
        {
          timeout: 240_000,
          interval: 500,
        },
      )
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
