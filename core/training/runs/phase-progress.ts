// How far the phases of a run are, and how long the run still takes: pure, from its record, from what the phases under
// way have done, and from the run before.
import { type RunPhase, type RunRecord, runPhases } from './run-record.ts';

/** Units done by phases under way: training steps, folds (and parts of them), targets. */
export type WorkDone = Partial<Record<RunPhase, number>>;

export interface PhaseProgress {
  /** The phase, under the wire's name. */
  readonly step: RunPhase;
  /** ended: the run ended in this phase. */
  readonly status: 'waiting' | 'running' | 'done' | 'ended';
  readonly startedAt?: string | undefined;
  readonly finishedAt?: string | undefined;
  /** Units of work (targets, training steps, folds), where it has any, and how many of them are done. */
  readonly done?: number | undefined;
  readonly total?: number | undefined;
  /** done / total, 0 to 1. */
  readonly share?: number | undefined;
  /** Seconds until a phase under way is done, from its own pace; absent: not known. */
  readonly leftS?: number | undefined;
}

/** How far each phase of a run is, in their order.
 * @param now ms since the epoch */
export function phaseProgress(record: RunRecord, progress: WorkDone, now: number): PhaseProgress[] {
  return runPhases.map((step): PhaseProgress => {
    const found = record.steps[step];
    if (!found) return { step, status: 'waiting' };
    const { startedAt, finishedAt } = found;
    const isRunning = record.status === 'running' && finishedAt === undefined;
    const status = finishedAt !== undefined ? 'done' : isRunning ? 'running' : 'ended';
    const total = step === 'evaluate' ? record.heldOut?.folds : found.total;
    const reported = status === 'done' ? total : (progress[step] ?? found.done);
    if (total === undefined || reported === undefined) return { step, status, startedAt, finishedAt };
    const reached = Math.min(reported, total);
    const share = total === 0 ? 1 : reached / total;
    const elapsedS = secondsBetween(startedAt, now);
    const leftS = isRunning && share > 0 ? Math.round((elapsedS * (1 - share)) / share) : undefined;
    return { step, status, startedAt, finishedAt, done: Math.floor(reached), total, share, leftS };
  });
}

/** Clocks of several machines: what began a moment from now has begun. */
const secondsBetween = (from: string, now: number): number => Math.max(0, (now - Date.parse(from)) / 1000);

/**
 * Seconds until the run ends. A phase that is under way and has done a part of its work goes on at its pace. Any other
 * one that is not done is expected to take as long as in `last`, the last run that promoted or refused, in proportion
 * to the work; until it is decided, the run is expected to end as that one did. null where it cannot be told: the run
 * has ended, or such a phase was not part of the last run, or there is none.
 */
export function timeLeftS(
  record: RunRecord,
  steps: readonly PhaseProgress[],
  last: RunRecord | undefined,
  now: number,
): number | null {
  if (record.status !== 'running') return null;
  let leftS = 0;
  for (const { step, status, startedAt, leftS: ownS } of steps) {
    if (status === 'done' || !isAhead(step, record, last)) continue;
    const wholeS = last && expectedS(step, record, last);
    const elapsedS = startedAt === undefined ? 0 : secondsBetween(startedAt, now);
    const stepS = ownS ?? (wholeS === undefined ? undefined : Math.max(0, wholeS - elapsedS));
    if (stepS === undefined) return null;
    leftS += stepS;
  }
  return Math.round(leftS);
}

/** Only to a candidate that is promoted targets are adapted. */
function isAhead(step: RunPhase, { decision }: RunRecord, last: RunRecord | undefined): boolean {
  if (step !== 'adapt' && step !== 'promote') return true;
  return (decision ?? last?.decision)?.outcome !== 'refused';
}

function expectedS(step: RunPhase, record: RunRecord, last: RunRecord): number | undefined {
  const { startedAt, finishedAt } = last.steps[step] ?? {};
  if (startedAt === undefined || finishedAt === undefined) return undefined;
  const tookS = secondsBetween(startedAt, Date.parse(finishedAt));
  const [work, lastWork] = [workOf(step, record), workOf(step, last)];
  if (work === undefined || lastWork === undefined) return tookS;
  if (work === 0) return 0;
  return lastWork === 0 ? undefined : (tookS * work) / lastWork;
}

/** In units that take about as long in every run; undefined where that is not known yet. */
function workOf(step: RunPhase, { steps, settings, heldOut }: RunRecord): number | undefined {
  // Each candidate is scored on every draw: the random ones, and the one that it chooses.
  if (step === 'evaluate') return heldOut && heldOut.folds * settings.seeds.length * (settings.repeats + 1);
  return steps[step]?.total;
}
