// A training run over the storage port: from a table to a champion, with what can go wrong on the way.
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { DomainError } from '#core/errors.ts';
import { loadPredictor } from '#core/predictor/bundle.ts';
import { readAliases } from '#core/predictors/aliases.ts';
import { cardSchema } from '#core/predictors/card.ts';
import { predictorKey } from '#core/predictors/keys.ts';
import { predictorCache } from '#core/serve/predictor-cache.ts';
import type { Store } from '#core/store/store.ts';
import { adaptationKey } from '#core/targets/keys.ts';
import { runFoldKey } from '#core/training/keys.ts';
import { setChampion } from '#core/training/phases/promote-phase.ts';
import { publishPhase } from '#core/training/phases/publish-phase.ts';
import { stopRun } from '#core/training/runs/end-run.ts';
import {
  changeRun,
  phaseChange,
  type RunRecord,
  readRun,
  requireRunning,
  stayRunning,
} from '#core/training/runs/run-record.ts';
import { showRun } from '#core/training/runs/show-run.ts';
import { beginRun, startRun } from '#core/training/runs/start-run.ts';
import { type MapStore, mapStore } from '../map-store.ts';
import { halfPublished } from './published.ts';
import { columns, contextOf, drive, settings, storeDataset, targets } from './tiny-training.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const noExecutor = { start: async () => 'execution', stop: async () => {} };
const champion = async (store: Store) => (await readAliases(store))?.value;

function copyOf(store: MapStore, without: (key: string) => boolean = () => false): MapStore {
  const copy = mapStore();
  for (const [key, body] of store.objects) if (!without(key)) copy.objects.set(key, body);
  return copy;
}

/** With every fit and adaptation done and nothing else: what a run that was cut off leaves, so that other runs take no
 * time. */
let fitted: MapStore;
let finished: MapStore;
let first: RunRecord;
beforeAll(async () => {
  finished = mapStore();
  await storeDataset(finished);
  first = await drive(contextOf(finished));
  fitted = copyOf(
    finished,
    (key) => !/^(measurements|targets|snapshots|fits|adaptations)\//.test(key) || key.includes('/decided/'),
  );
});

describe('the first training run', () => {
  it('promotes a predictor that beats ridge regression, adapted for every target, with its card', async () => {
    expect(first).toMatchObject({ status: 'promoted', committed: true, decision: { outcome: 'promoted' } });
    expect(await champion(finished)).toEqual({ champion: first.version });
    for (const target of targets) {
      expect(finished.objects.has(adaptationKey(first.version!, target))).toBe(true);
    }
    const bytes = finished.objects.get(predictorKey(first.version!, 'card.json'))!;
    const card = cardSchema.parse(JSON.parse(new TextDecoder().decode(bytes)));
    expect(card.snapshot).toMatchObject({ id: first.snapshotId });
    expect(card.snapshot!.targets).toHaveLength(4);
    expect(card.learningCurve!.map(({ step }) => step)).toEqual([10, 20]);
    // Candidate and ridge on six pairs of target and workload at three sizes of two kinds.
    expect(card.evaluation!.scores).toHaveLength(2 * 6 * 3 * 2);
  });

  it('is skipped on the same dataset, and starts again on a changed one', async () => {
    const store = copyOf(finished);
    const again = await drive(contextOf(store), { idempotencyKey: 'second' });
    expect(again).toMatchObject({ status: 'skipped', snapshotId: first.snapshotId });
    expect(again.failureReason).toContain('nothing new');
    expect(await champion(store)).toEqual({ champion: first.version });
  });

  it('publishes a predictor once: a run that makes the same one again keeps its first card', async () => {
    const store = copyOf(finished);
    const card = (): Uint8Array => store.objects.get(predictorKey(first.version!, 'card.json'))!;
    const before = card();
    const again = await drive(contextOf(store, 1_800_000_000_000), {
      idempotencyKey: 'twice',
      settings: { ...settings, repeats: 2 },
    });
    expect([again.version, again.runId]).toEqual([first.version, 'run-twice']);
    expect(Buffer.compare(card(), before)).toBe(0);
  });

  it('shows its steps', async () => {
    const { run, steps, timeLeftS } = await showRun(finished, first.runId, 0);
    // Four devices in the two groups that were asked for.
    expect(run).toMatchObject({ status: 'promoted', heldOut: { devices: 4, folds: 2 } });
    expect(timeLeftS).toBeNull();
    expect(steps.filter(({ status }) => status === 'done').map(({ step }) => step)).toEqual([
      'freeze',
      'plan',
      'fit',
      'evaluate',
      'decide',
      'report',
      'publish',
      'adapt',
      'promote',
    ]);
    const work = steps.flatMap(({ step, done, total }) => (total === undefined ? [] : [[step, done, total]]));
    // Three fits of twenty steps.
    expect(work).toEqual([
      ['freeze', 4, 4],
      ['fit', 60, 60],
      ['evaluate', 2, 2],
      ['adapt', 4, 4],
    ]);
  });
});

describe('a run beside a champion', () => {
  it('compares with the folds of the champion, which it has not to fit again, and refuses what is not better', async () => {
    const store = copyOf(finished);
    const { phone_1: moved, ...others } = columns;
    await storeDataset(store, { ...others, watch_1: moved!.map((v) => 7 * v) });
    const fits: string[] = [];
    const run = await drive(contextOf(store), {
      idempotencyKey: 'more',
      before: (step) => void fits.push(step),
    });
    expect(run).toMatchObject({ status: 'refused', championBefore: first.version });
    expect(run.decision!.reasons[0]).toMatch(/not better beyond noise|allowed/);
    // All devices and two folds of the candidate; the champion's folds are there.
    expect(fits.filter((step) => step === 'fit')).toHaveLength(3);
    expect(await champion(store)).toEqual({ champion: first.version });
    // Published, for who wants it all the same: promoted by hand, and rolled back, under requests.
    const cache = predictorCache({ store, now: Date.now, loadPredictor, revalidateS: 0.001 });
    const served = async (): Promise<string> => {
      const { predictor, adaptations } = await cache.champion();
      const adaptation = await adaptations.get('server');
      expect(adaptation!.predictorHash).toBe(predictor.identity.hash);
      return predictor.identity.version;
    };
    expect(await served()).toBe(first.version);
    expect(await setChampion(contextOf(store), run.version!)).toEqual({ champion: run.version });
    await expect.poll(served).toBe(run.version);
    expect(await setChampion(contextOf(store), first.version!)).toEqual({ champion: first.version });
    await expect.poll(served).toBe(first.version);
    await expect(setChampion(contextOf(store), 'ffffffffffffffff')).rejects.toMatchObject({
      code: 'not-found',
    });
  });
});

/** What the first run found, on a fold. */
const scores = (fold: number): Uint8Array => finished.objects.get(runFoldKey(first.runId, fold))!;

describe('faults', () => {
  const steps = ['freeze', 'plan', 'evaluate', 'decide', 'card', 'publish', 'plan-adapt', 'adapt', 'promote'];

  it.each(steps)('a failure in %s ends the run with step and reason; a rerun is clean', async (broken) => {
    const store = copyOf(fitted);
    const run = await drive(contextOf(store), {
      scores,
      before: (step) => {
        if (step === broken) throw new Error('lost the machine');
      },
    });
    expect(run).toMatchObject({ status: 'failed', failureReason: 'Error: lost the machine' });
    expect(await champion(store)).toBeUndefined();
    expect(await halfPublished(store)).toEqual([]);
    const again = await drive(contextOf(store, 1_800_000_000_000), { idempotencyKey: 'again', scores });
    expect(again).toMatchObject({ status: 'promoted', version: first.version });
    expect(await champion(store)).toEqual({ champion: first.version });
    expect(await halfPublished(store)).toEqual([]);
  });

  it('a report that cannot be drawn keeps nobody from a better predictor', async () => {
    const store = copyOf(fitted);
    const run = await drive(contextOf(store), {
      scores,
      before: (step) => {
        if (step === 'report') throw new Error('no fonts');
      },
    });
    expect(run).toMatchObject({ status: 'promoted', version: first.version });
    expect(await halfPublished(store)).toEqual([`${first.version} has no report.html`]);
  });

  it.each([...steps, 'report'])('a stop in %s leaves nothing half-published, and a rerun is clean', async (at) => {
    const store = copyOf(fitted);
    const run = await drive(contextOf(store), {
      scores,
      before: async (step, runId) => {
        if (step === at) await stopRun(store, noExecutor, runId, 1_700_000_000_000);
      },
    });
    expect(run).toMatchObject({ status: 'stopped', failureReason: 'stopped by an operator' });
    expect(await champion(store)).toBeUndefined();
    expect(await halfPublished(store)).toEqual([]);
    const again = await drive(contextOf(store, 1_800_000_000_000), { idempotencyKey: 'again', scores });
    expect(again).toMatchObject({ status: 'promoted', version: first.version });
    expect(await halfPublished(store)).toEqual([]);
  });

  it('a stop at the very moment in which the candidate becomes challenger leaves no challenger', async () => {
    const store = copyOf(finished, (key) => key.includes('/decided/'));
    const before = '0000000000000000';
    // Another champion, so that the candidate has somebody to challenge.
    for (const [key, body] of [...store.objects]) {
      if (key.startsWith('predictors/')) store.objects.set(key.replace(first.version!, before), body);
    }
    store.objects.set('predictors/aliases.json', new TextEncoder().encode(`{"champion":"${before}"}`));
    await beginRun(store, { ...request, runId: 'stopped', settings, now: 2_000_000_000_000 });
    const copied = (key: string) => store.objects.get(`training-parts/${first.runId}/${key}`)!;
    for (const part of ['decision.json', 'card.json', 'predictions.json', 'report.html']) {
      store.objects.set(`training-parts/stopped/${part}`, copied(part));
    }
    await changeRun(store, 'stopped', 2_000_000_000_000, () => ({ decision: first.decision! }));
    let asked = false;
    const watching: Store = {
      ...store,
      put: async (key, body, condition) => {
        if (key.endsWith('aliases.json') && !asked) {
          asked = true;
          await stopRun(store, noExecutor, 'stopped', 2_000_000_000_000);
        }
        return store.put(key, body, condition);
      },
    };
    await expect(publishPhase(contextOf(watching, 2_000_000_000_000), 'stopped')).rejects.toMatchObject({
      code: 'cancelled',
    });
    expect(asked).toBe(true);
    expect(await champion(store)).toEqual({ champion: before });
  });

  it('a run that is committed is finished, not stopped', async () => {
    const store = copyOf(fitted);
    let refusal: unknown;
    // Stopped at the very moment in which the alias moves.
    const watching: Store = {
      ...store,
      put: async (key, body, condition) => {
        if (key.endsWith('aliases.json') && refusal === undefined) {
          refusal = await stopRun(store, noExecutor, runId, 0).catch((error: unknown) => error);
        }
        return store.put(key, body, condition);
      },
    };
    let runId = '';
    const run = await drive(contextOf(watching), {
      scores,
      before: (_, id) => {
        runId = id;
      },
    });
    expect(refusal).toMatchObject({ code: 'conflict' });
    expect(run.status).toBe('promoted');
  });

  it('writes that lose a race with others on a tenth of calls change nothing', async () => {
    const store = copyOf(fitted);
    let at = 0;
    const contended: Store = {
      ...store,
      put: async (key, body, condition) => {
        if (condition !== undefined && ++at % 10 === 0) throw new DomainError('precondition-failed', key);
        return store.put(key, body, condition);
      },
    };
    const run = await drive(contextOf(contended), { scores });
    expect(run).toMatchObject({ status: 'promoted', version: first.version });
  });
});

const request = { requestedBy: 'schedule' } as const;

describe('starting', () => {
  it('refuses a second run with the id of the first, and takes a repeated request for the same', async () => {
    const store = copyOf(fitted);
    const request = { settings, requestedBy: 'operator', now: 1000 } as const;
    const started = await startRun(store, noExecutor, { ...request, idempotencyKey: 'a' });
    expect(started).toMatchObject({ status: 'running', execution: 'execution' });
    expect(await startRun(store, noExecutor, { ...request, idempotencyKey: 'a' })).toEqual(started);
    const other = startRun(store, noExecutor, { ...request, idempotencyKey: 'b' });
    await expect(other).rejects.toMatchObject({ code: 'conflict', issues: [{ path: `runs/${started.runId}` }] });
    const changed = startRun(store, noExecutor, { ...request, settings: { steps: 3 }, idempotencyKey: 'a' });
    await expect(changed).rejects.toMatchObject({ code: 'conflict' });
    await stopRun(store, noExecutor, started.runId, 2000);
    expect((await readRun(store, started.runId)).status).toBe('stopped');
    expect((await startRun(store, noExecutor, { ...request, idempotencyKey: 'b' })).status).toBe('running');
  });

  it('of ten starts at once lets one begin', async () => {
    const store = copyOf(fitted);
    const starts = Array.from({ length: 10 }, (_, i) =>
      beginRun(store, { requestedBy: 'operator', runId: String(i), now: 1000 }),
    );
    const outcomes = await Promise.allSettled(starts);
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  });

  it('takes over from a run that was lost, which ends as failed with a reason', async () => {
    const store = copyOf(fitted);
    await beginRun(store, { ...request, runId: 'a', now: 0 });
    await changeRun(store, 'a', 0, (run) => phaseChange(run, 'fit', 0));
    await expect(beginRun(store, { ...request, runId: 'b', now: 44 * 60_000 })).rejects.toMatchObject({
      code: 'conflict',
      issues: [{ path: 'runs/a' }],
    });
    // A step that goes on for long speaks up now and then, and is not lost.
    await stayRunning(store, 'a', 44 * 60_000);
    await expect(beginRun(store, { ...request, runId: 'b', now: 88 * 60_000 })).rejects.toThrow(DomainError);
    expect((await beginRun(store, { ...request, runId: 'b', now: 89 * 60_000 })).status).toBe('running');
    expect(await readRun(store, 'a')).toMatchObject({
      status: 'failed',
      failedStep: 'fit',
      finishedAt: '1970-01-01T01:29:00.000Z',
      failureReason:
        "not heard of since 1970-01-01T00:44:00.000Z: its execution was aborted, timed out or lost; run 'b' took its place",
    });
    await expect(requireRunning(store, 'a')).rejects.toMatchObject({ code: 'cancelled' });
  });

  it('looks upon a lost run as promoted where its predictor is champion already', async () => {
    const store = copyOf(finished);
    const key = `training-runs/${first.runId}.json`;
    const { finishedAt: _, ...record } = first;
    store.objects.set(key, new TextEncoder().encode(JSON.stringify({ ...record, status: 'running' })));
    await beginRun(store, { ...request, runId: 'b', now: Date.parse(first.updatedAt) + 46 * 60_000 });
    expect(await readRun(store, first.runId)).toMatchObject({ status: 'promoted' });
    expect(await champion(store)).toEqual({ champion: first.version });
  });

  it('remembers the last run that promoted or refused, over others that did not', async () => {
    const store = copyOf(finished);
    const begin = (runId: string) => beginRun(store, { ...request, runId, now: 2_000_000_000_000 });
    expect((await begin('b')).lastFinished).toBe(first.runId);
    await stopRun(store, noExecutor, 'b', 2_000_000_000_000);
    expect((await begin('c')).lastFinished).toBe(first.runId);
  });
});
