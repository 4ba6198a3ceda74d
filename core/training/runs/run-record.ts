// A training run as it is kept and shown: training-runs/{runId}.json. Every change is a conditional write, and a run
// that has ended never changes again: of a phase that goes on and an operator who stops it, exactly one wins.
import * as z from 'zod';
import { DomainError } from '#core/errors.ts';
import { decisionSchema } from '#core/predictors/card.ts';
import type { Store } from '#core/store/store.ts';
import { readJson, updateJson } from '#core/store/stored-json.ts';
import { runKey } from '#core/training/keys.ts';
import { runSettingsSchema } from './run-settings.ts';

export const runIdSchema = z.string().regex(/^[A-Za-z0-9][\w-]{0,79}$/);

/** In the order in which they are taken. */
export const runPhases = [
  'freeze',
  'plan',
  'fit',
  'evaluate',
  'decide',
  'report',
  'publish',
  'adapt',
  'promote',
] as const;
export type RunPhase = (typeof runPhases)[number];

export const runStatuses = ['running', 'promoted', 'refused', 'skipped', 'stopped', 'failed'] as const;

const phaseSchema = z.strictObject({
  startedAt: z.iso.datetime(),
  finishedAt: z.iso.datetime().optional(),
  /** Units of work; what a unit is depends on the phase (targets, fits, folds). */
  done: z.int().nonnegative().optional(),
  total: z.int().nonnegative().optional(),
});

export const runRecordSchema = z.strictObject({
  runId: runIdSchema,
  /** In records of older versions, which trained one predictor for each search space. */
  searchSpace: z.string().optional(),
  requestedBy: z.enum(['operator', 'schedule', 'data', 'start']),
  settings: runSettingsSchema,
  status: z.enum(runStatuses),
  /** The alias is about to move: from here on the run is finished rather than stopped. */
  committed: z.boolean(),
  createdAt: z.iso.datetime(),
  updatedAt: z.iso.datetime(),
  finishedAt: z.iso.datetime().optional(),
  /** When each phase began and ended (`steps` is the stored name; steps elsewhere are gradient steps). */
  steps: z.partialRecord(z.enum(runPhases), phaseSchema),
  snapshotId: z.string().optional(),
  /** How many hardware keys are learned from (`devices` is the stored and the wire's name of them), and in how many
   * groups they are held out in turn: as many as keys, or fewer. */
  heldOut: z.strictObject({ devices: z.int().positive(), folds: z.int().positive() }).optional(),
  /** The run before this one that promoted or refused: how long its phases took is what phases that
   * have not begun are expected to take. */
  lastFinished: runIdSchema.optional(),
  /** Kind of processor that the fits are made on, once they are planned: a part of their addresses. Left out by older
   * versions, whose fits say nothing of it. */
  processor: z.string().optional(),
  /** The predictor that was champion when fits were planned. */
  championBefore: z.string().optional(),
  /** The candidate, once it is published. */
  version: z.string().optional(),
  decision: decisionSchema.optional(),
  /** Why it was skipped, stopped or failed. */
  failureReason: z.string().optional(),
  failedStep: z.enum(runPhases).optional(),
  /** What a run that did not finish leaves behind, and a later one goes on from. */
  kept: z.array(z.string()).optional(),
  /** Where the state machine's execution is, for a stop. */
  execution: z.string().optional(),
});
export type RunRecord = z.infer<typeof runRecordSchema>;

/** The record of a run.
 * @throws DomainError `not-found` */
export async function readRun(store: Store, runId: string): Promise<RunRecord> {
  const found = runIdSchema.safeParse(runId).success && (await readJson(store, runKey(runId), runRecordSchema));
  if (found) return found.value;
  throw new DomainError('not-found', `there is no training run '${runId.slice(0, 80)}'`);
}

/** @throws DomainError `cancelled` when the run has ended, which tells a phase to leave everything as it is */
export async function requireRunning(store: Store, runId: string): Promise<RunRecord> {
  return running(await readRun(store, runId));
}

/** A run that is silent for longer is looked upon as lost (run-lock.ts), so a phase that goes on for long speaks up. */
const speakEveryMs = 5 * 60_000;

/** For phases that go on for long, as often as they like.
 * @throws DomainError `cancelled` when the run has ended */
export async function stayRunning(store: Store, runId: string, now: number): Promise<RunRecord> {
  const record = await requireRunning(store, runId);
  return now - Date.parse(record.updatedAt) < speakEveryMs ? record : changeRun(store, runId, now, () => ({}));
}

function running(record: RunRecord): RunRecord {
  if (record.status === 'running') return record;
  throw new DomainError('cancelled', `training run '${record.runId}' has ended: ${record.status}`);
}

/** @throws DomainError `cancelled` when the run has ended */
export async function changeRun(
  store: Store,
  runId: string,
  now: number,
  change: (current: RunRecord) => Partial<RunRecord>,
): Promise<RunRecord> {
  const changed = await updateJson(
    store,
    runKey(runId),
    runRecordSchema,
    (current) => {
      if (!current) throw new DomainError('not-found', `there is no training run '${runId}'`);
      return { ...running(current), ...change(current), updatedAt: new Date(now).toISOString() };
    },
    { attempts: 20 },
  );
  return changed!;
}

/** Marks a phase as begun or as done so far; a phase that is begun again keeps its first beginning. */
export function phaseChange(
  { steps }: RunRecord,
  phase: RunPhase,
  now: number,
  progress: { readonly done?: number; readonly total?: number; readonly finished?: boolean } = {},
): Pick<RunRecord, 'steps'> {
  const time = new Date(now).toISOString();
  const { finished, ...counts } = progress;
  const before = steps[phase] ?? { startedAt: time };
  return { steps: { ...steps, [phase]: { ...before, ...counts, ...(finished && { finishedAt: time }) } } };
}

/** One phase is finished and the next one begun; done again it changes nothing. */
export function nextPhase(run: RunRecord, finished: RunPhase, begun: RunPhase, now: number): Pick<RunRecord, 'steps'> {
  const { steps } =
    run.steps[finished]?.finishedAt === undefined ? phaseChange(run, finished, now, { finished: true }) : run;
  return steps[begun] === undefined ? phaseChange({ ...run, steps }, begun, now) : { steps };
}
