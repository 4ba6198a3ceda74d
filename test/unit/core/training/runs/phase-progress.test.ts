// How far a run is and how long it takes, against sums done by hand.
import { describe, expect, it } from 'vitest';
import { phaseProgress, timeLeftS } from '#core/training/runs/phase-progress.ts';
import { type RunPhase, type RunRecord, runPhases, runRecordSchema } from '#core/training/runs/run-record.ts';

/** Seconds since the epoch as a time. */
const at = (seconds: number): string => new Date(seconds * 1000).toISOString();
type Steps = RunRecord['steps'];

const recordOf = (steps: Steps, more: Partial<RunRecord> = {}): RunRecord =>
  runRecordSchema.parse({
    runId: 'r',
    searchSpace: 'ofa',
    requestedBy: 'operator',
    settings: { folds: 4, repeats: 4 },
    status: 'running',
    committed: false,
    createdAt: at(0),
    updatedAt: at(0),
    steps,
    heldOut: { devices: 4, folds: 4 },
    ...more,
  });

/** Of a run that took 1 s for freeze, 2 for plan, 100 for fit, 40 for evaluate, 4 for decide, 5 for report, 6 for
 * publish, 70 for adapt and 8 for promote. */
const took: Record<RunPhase, number> = {
  freeze: 1,
  plan: 2,
  fit: 100,
  evaluate: 40,
  decide: 4,
  report: 5,
  publish: 6,
  adapt: 70,
  promote: 8,
};
function finishedRun(without: readonly RunPhase[] = [], more: Partial<RunRecord> = {}): RunRecord {
  const totals: Partial<Record<RunPhase, number>> = { freeze: 10, fit: 2000, adapt: 10 };
  const steps = Object.fromEntries(
    runPhases
      .filter((step) => !without.includes(step))
      .map((step) => [step, { startedAt: at(1000), finishedAt: at(1000 + took[step]), total: totals[step] }]),
  );
  return recordOf(JSON.parse(JSON.stringify(steps)) as Steps, {
    status: 'promoted',
    decision: { outcome: 'promoted', reasons: ['better'] },
    ...more,
  });
}
const done = (from: number, to: number) => ({ startedAt: at(from), finishedAt: at(to) });
const left = (
  record: RunRecord,
  progress: Parameters<typeof phaseProgress>[1],
  last: RunRecord | undefined,
  nowS: number,
) => timeLeftS(record, phaseProgress(record, progress, nowS * 1000), last, nowS * 1000);

describe('progress', () => {
  it('is counted in training steps, folds and targets', () => {
    const record = recordOf({
      freeze: { ...done(0, 5), done: 10, total: 10 },
      plan: done(5, 6),
      fit: { startedAt: at(6), total: 1000 },
    });
    const steps = phaseProgress(record, { fit: 250 }, 36_000);
    expect(steps[0]).toMatchObject({ step: 'freeze', status: 'done', done: 10, total: 10, share: 1 });
    expect(steps[1]).toEqual({ step: 'plan', status: 'done', startedAt: at(5), finishedAt: at(6) });
    // A quarter in 30 s: three quarters in 90.
    expect(steps[2]).toMatchObject({ step: 'fit', status: 'running', done: 250, total: 1000, share: 0.25, leftS: 90 });
    expect(steps[3]).toEqual({ step: 'evaluate', status: 'waiting' });
  });

  it('of evaluate goes by the groups of devices, of adapt by targets, and never beyond all', () => {
    const record = recordOf({ evaluate: { startedAt: at(0) }, adapt: { startedAt: at(0), total: 10 } });
    const steps = phaseProgress(record, { evaluate: 3, adapt: 12 }, 30_000);
    expect(steps[3]).toMatchObject({ done: 3, total: 4, share: 0.75, leftS: 10 });
    expect(steps[7]).toMatchObject({ done: 10, total: 10, share: 1, leftS: 0 });
  });

  it('of a run that has ended says in which step, and has nothing left', () => {
    const record = recordOf({ fit: { startedAt: at(0), total: 100 } }, { status: 'stopped' });
    const [, , fit] = phaseProgress(record, { fit: 50 }, 10_000);
    expect(fit).toMatchObject({ status: 'ended', share: 0.5 });
    expect(fit!.leftS).toBeUndefined();
    expect(left(record, { fit: 50 }, finishedRun(), 10)).toBeNull();
  });

  it('without any fit to make is all done', () => {
    const [, , fit] = phaseProgress(recordOf({ fit: { startedAt: at(0), total: 0 } }), { fit: 0 }, 1000);
    expect(fit).toMatchObject({ share: 1, leftS: 0 });
  });
});

describe('time left', () => {
  it('is the pace of the step under way, and the last run for those after it, in proportion to the work', () => {
    const record = recordOf({
      freeze: { ...done(0, 1), done: 10, total: 10 },
      plan: done(1, 3),
      fit: { startedAt: at(3), total: 1000 },
    });
    // Fit: half in 20 s, 20 more. Evaluate: 8 folds of 1 + 4 draws took 40 s, so 4 of them take 20.
    // Then 4 + 5 + 6, 70 for adapt, whose targets are not counted yet, and 8.
    const last = finishedRun([], { heldOut: { devices: 8, folds: 8 } });
    expect(left(record, { fit: 500 }, last, 23)).toBe(20 + 20 + 4 + 5 + 6 + 70 + 8);
  });

  it('before any progress is what the last run took, less what has gone by', () => {
    const record = recordOf({ freeze: done(0, 1), plan: done(1, 3), fit: { startedAt: at(3), total: 1000 } });
    // 2000 training steps took 100 s, 1000 take 50, of which 10 are over.
    expect(left(record, {}, finishedRun(), 13)).toBe(40 + 40 + 4 + 5 + 6 + 70 + 8);
    // Nothing has begun.
    expect(left(recordOf({}), {}, finishedRun(), 13)).toBe(1 + 2 + 100 + 40 + 4 + 5 + 6 + 70 + 8);
    // Longer than expected is not less than nothing.
    const slow = recordOf({ freeze: { startedAt: at(0) } });
    expect(left(slow, {}, finishedRun(), 99)).toBe(0 + 2 + 100 + 40 + 4 + 5 + 6 + 70 + 8);
  });

  it('supposes the end of the last run until it is decided', () => {
    const early = recordOf({ freeze: done(0, 1), plan: done(1, 3), fit: done(3, 4), evaluate: done(4, 5) });
    const refused = finishedRun(['adapt', 'promote'], { decision: { outcome: 'refused', reasons: ['worse'] } });
    expect(left(early, {}, refused, 5)).toBe(4 + 5 + 6);
    const decided: RunRecord = { ...early, decision: { outcome: 'promoted', reasons: ['better'] } };
    // How long the promotion takes is not known from a run that had none.
    expect(left(decided, {}, refused, 5)).toBeNull();
    expect(left({ ...early, decision: refused.decision! }, {}, finishedRun(), 5)).toBe(4 + 5 + 6);
  });

  it('is not known without a run before, nor from a run that had no fits to make', () => {
    const record = recordOf({ fit: { startedAt: at(0), total: 1000 } });
    expect(left(record, { fit: 500 }, undefined, 10)).toBeNull();
    const last = finishedRun();
    const without = { ...last, steps: { ...last.steps, fit: { ...last.steps.fit!, total: 0 } } };
    expect(left(record, {}, without, 10)).toBeNull();
    expect(left(recordOf({ ...last.steps, promote: { startedAt: at(0) } }), {}, last, 3)).toBe(5);
  });
});
