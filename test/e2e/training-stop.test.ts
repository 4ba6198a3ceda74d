// A run that is stopped in each of its steps, in the middle of the work, on the real stack; and one that would need a
// distributed map, which the stack refuses where it is reached.
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { synthesise } from '#scripts/synth.ts';
import type { InvocationReport } from '#stack/lambda/invocation.ts';
import type { FaultRequest } from '#stack/s3/server.ts';
import { halfPublished } from '../unit/core/training/published.ts';
import { columns, texts } from '../unit/core/training/tiny-training.ts';
import { momentOf, openTraining, storeDataset, type TrainingStack } from './training-stack.ts';

// What is waited for comes; how soon, a busy machine decides.
vi.setConfig({ testTimeout: 600_000, hookTimeout: 600_000 });
const patient = { timeout: 180_000, interval: 100 };

/** Devices on which a pool costs as much as a whole network: whoever has not been told so predicts badly. */
const dearPools = Object.fromEntries(
  Object.entries(columns).map(([column, latencyMs]) => {
    const mean = latencyMs.reduce((sum, ms) => sum + ms, 0) / latencyMs.length;
    const pools = (row: number): number => texts[row]!.split('avg_pool').length - 1;
    return [column, latencyMs.map((ms, row) => ms + mean * pools(row))];
  }),
);

let folder: string;
let templateDir: string;
let training: TrainingStack;
/** So weak that every candidate is better. */
let before: string;
const reports: InvocationReport[] = [];
let faults: ((request: FaultRequest) => Promise<undefined> | undefined) | undefined;

const promote = async (version: string): Promise<void> => {
  const reply = await training.call('PUT', '/v1/predictors/aliases/champion', { version });
  expect([reply.status, reply.body]).toEqual([200, { champion: version }]);
};

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'sugarbush-stop-'));
  ({ folder: templateDir } = await synthesise());
  training = await openTraining(folder, templateDir, {
    s3Faults: (request) => faults?.(request),
    onReport: (report) => void reports.push(report),
  });
  await storeDataset(training.store, dearPools);
  const { run } = await training.ended(await training.start({ steps: 1 }));
  before = run.version!;
  await promote(before);
});
/** Lets go what a failed test holds. */
let letGo: () => void = () => undefined;
afterEach(() => letGo());
afterAll(async () => {
  await training?.stack.close();
  rmSync(folder, { recursive: true, force: true });
});

const predictor = async (): Promise<unknown> => {
  const { status, body } = await training.callAs('reader', 'POST', '/v1/predictions', {
    searchSpace: 'nasbench201',
    batchSize: 32,
    target: 'phone',
    architectures: texts.slice(0, 2),
  });
  return [status, body.results?.[0].predictor.version];
};

/** Holds the first request of `moment`, until it is let go; whoever gives up waiting for it and sends it again is held
 * again. */
function hold(moment: (request: FaultRequest) => boolean): Promise<void> {
  const held = Promise.withResolvers<void>();
  const go = Promise.withResolvers<undefined>();
  let first: FaultRequest | undefined;
  faults = (request) => {
    const isHeld = first ? request.method === first.method && request.key === first.key : moment(request);
    if (!isHeld) return undefined;
    first ??= request;
    held.resolve();
    return go.promise;
  };
  letGo = () => {
    faults = undefined;
    go.resolve(undefined);
  };
  return held.promise;
}

/** Settings that no other run decides with: 0 to 11 give groups and draws of their own, few of each. */
const undecided = (at: number) => ({ steps: 60, folds: 2 + Math.floor(at / 4), repeats: 1 + (at % 4) });

const challenges = ({ method, key }: FaultRequest): boolean => method === 'PUT' && key === 'predictors/aliases.json';
// Publishing comes first: the reruns of the others leave a version that is published already.
const stops = [
  { at: 'publish', task: 'Publish', moment: momentOf.Publish },
  { at: 'publish (as challenger)', task: 'Publish', moment: challenges },
  { at: 'freeze', task: 'Freeze', moment: momentOf.Freeze },
  { at: 'plan', task: 'Plan', moment: momentOf.Plan },
  { at: 'fit', task: 'Fit', moment: momentOf.Fit, settings: { seeds: [7] } },
  { at: 'evaluate', task: 'Evaluate', moment: momentOf.Evaluate },
  { at: 'decide', task: 'Decide', moment: momentOf.Decide },
  { at: 'report', task: 'Report', moment: momentOf.Report },
  {
    at: 'adapt',
    task: 'Adapt',
    moment: (request: FaultRequest) => momentOf.Adapt(request, before),
    settings: { seeds: [8] },
  },
] as const;

test.each(stops)('a stop in $at ends the run, serves the champion before, and leaves a clean rerun', async (stop) => {
  const { at, task, moment } = stop;
  const settings = {
    ...undecided(stops.findIndex((each) => each.at === at)),
    ...('settings' in stop && stop.settings),
  };
  await expect.poll(predictor, patient).toEqual([200, before]);
  const held = hold(moment);
  const runId = await training.start(settings);
  await held;
  const { status, body } = await training.call('POST', `/v1/training-runs/${runId}/stop`);
  const stopped = { status: 'stopped', failureReason: 'stopped by an operator', failedStep: at.split(' ')[0] };
  expect([status, body.run]).toEqual([200, expect.objectContaining(stopped)]);
  // Another process may not have looked yet whether the champion is still what the last test made it.
  await expect.poll(predictor, patient).toEqual([200, before]);
  // The task that was held finds out, and leaves everything as it is.
  const calls = reports.length;
  letGo();
  const isOver = () => reports.slice(calls).some(({ functionKey }) => functionKey === `Training${task}`);
  await expect.poll(isOver, patient).toBe(true);
  const { run, timeLeftS } = await training.show(runId);
  expect([run, timeLeftS]).toEqual([expect.objectContaining(stopped), null]);
  expect(await training.champion()).toBe(before);
  // The record ends first; what it leaves is cleared right after.
  await expect.poll(() => halfPublished(training.store), patient).toEqual([]);
  const listed = (await training.call('GET', '/v1/predictors')).body.predictors;
  for (const { version } of listed) {
    expect((await training.call('GET', `/v1/predictors/${version}/report`)).status).toBe(200);
  }

  const again = await training.ended(await training.start(settings));
  expect(again.run).toMatchObject({ status: 'promoted', championBefore: before });
  expect(await training.champion()).toBe(again.run.version);
  // The record ends first; what it leaves is cleared right after.
  await expect.poll(() => halfPublished(training.store), patient).toEqual([]);
  await promote(before);
});

test('a stop while the alias moves is refused, and the run finishes', async () => {
  let moves = 0;
  // The first write of the aliases makes it challenger.
  const held = hold((request) => challenges(request) && ++moves === 2);
  const runId = await training.start(undecided(stops.length));
  await held;
  const { status, body } = await training.call('POST', `/v1/training-runs/${runId}/stop`);
  expect([status, body.code]).toEqual([409, 'conflict']);
  letGo();
  const { run } = await training.ended(runId);
  expect(run).toMatchObject({ status: 'promoted', championBefore: before });
  expect(await training.champion()).toBe(run.version);
  // The record ends first; what it leaves is cleared right after.
  await expect.poll(() => halfPublished(training.store), patient).toEqual([]);
  await expect.poll(predictor, patient).toEqual([200, run.version]);
  await promote(before);
});

test('more batches than the inline map takes fail in the distributed map, in so many words, and leave the champion', async () => {
  await training.stack.close();
  // The same app, but for the one number.
  const few = join(folder, 'cdk.out');
  mkdirSync(few);
  for (const name of readdirSync(templateDir)) {
    if (name.startsWith('asset.')) symlinkSync(join(templateDir, name), join(few, name));
    else cpSync(join(templateDir, name), join(few, name), { recursive: true });
  }
  const file = join(few, 'SugarbushService.template.json');
  const template = readFileSync(file, 'utf8');
  const changed = template.replace(/(NumericGreaterThan|mostInlineBatches)(\\":)200/g, '$1$20');
  expect(changed.length).toBe(template.length - 4);
  writeFileSync(file, changed);
  training = await openTraining(folder, few);
  const { run } = await training.ended(await training.start(undecided(stops.length + 1)));
  expect(run).toMatchObject({
    status: 'failed',
    failedStep: 'adapt',
    failureReason: expect.stringMatching(
      /^EmbeddedStack\.DistributedMap: state 'AdaptManyTargets' is a distributed map, which the embedded stack does not execute/,
    ),
  });
  expect(run.kept).toEqual(expect.arrayContaining([`predictor ${run.version}`]));
  expect(await training.champion()).toBe(before);
  // The record ends first; what it leaves is cleared right after.
  await expect.poll(() => halfPublished(training.store), patient).toEqual([]);
});
