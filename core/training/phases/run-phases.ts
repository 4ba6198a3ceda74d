// The phases of a training run as the state machine calls them, in their order. Each first makes sure that the run is
// still wanted, can be repeated, and says in the record what it did. docs/training.md describes them.

import { readAliases } from '#core/predictors/aliases.ts';
import { type Decision, type Evaluation, readCard } from '#core/predictors/card.ts';
import type { Store } from '#core/store/store.ts';
import { readJson, writeJson } from '#core/store/stored-json.ts';
import {
  evaluateFold,
  type FoldScores,
  foldScoresSchema,
  shownScores,
} from '#core/training/evaluation/evaluate-fold.ts';
import { bestCandidate, decide } from '#core/training/evaluation/promotion-rule.ts';
import { type ContinuedFit, continueFit } from '#core/training/fits/continue-fit.ts';
import { decidedBefore, planFits, planOf, settingsId } from '#core/training/fits/plan-fits.ts';
import { decidedKey, runDecisionKey, runFitKey, runFoldKey, runPredictionsKey } from '#core/training/keys.ts';
import { endRun } from '#core/training/runs/end-run.ts';
import { type RunDecision, runDecisionSchema } from '#core/training/runs/run-decision.ts';
import {
  changeRun,
  nextPhase,
  phaseChange,
  type RunRecord,
  readRun,
  requireRunning,
  stayRunning,
} from '#core/training/runs/run-record.ts';
import { evaluatedMeasurements } from '#core/training/runs/run-settings.ts';
import { freezeSnapshot } from '#core/training/snapshot/freeze-snapshot.ts';
import { findManifest, type Manifest } from '#core/training/snapshot/snapshot.ts';

export interface PhaseContext {
  readonly store: Store;
  /** ms since the epoch. */
  readonly now: () => number;
}

export interface FreezePhaseOptions {
  /** A share of what the champion learned from: the run is skipped where less has been added. */
  readonly leastGrowth?: number;
}

/** Freezes the dataset; ends the run as skipped where there is nothing new to learn from.
 * @throws DomainError `cancelled` when the run has ended */
export async function freezePhase(
  { store, now }: PhaseContext,
  runId: string,
  { leastGrowth = 0 }: FreezePhaseOptions = {},
): Promise<{ readonly snapshotId: string; readonly isNew: boolean }> {
  await changeRun(store, runId, now(), (current) => phaseChange(current, 'freeze', now()));
  const manifest = await freezeSnapshot(store, {
    onProgress: async (done, total) => {
      await changeRun(store, runId, now(), (current) => phaseChange(current, 'freeze', now(), { done, total }));
    },
  });
  const { snapshotId } = manifest;
  const total = manifest.targets.length;
  const frozen = await changeRun(store, runId, now(), (current) => ({
    ...phaseChange(current, 'freeze', now(), { done: total, total, finished: true }),
    snapshotId,
  }));
  const failureReason = (await decidedBefore(store, frozen))
    ? `nothing new: a run with the same settings decided on snapshot ${snapshotId} already`
    : await tooLittleGrowth(store, manifest, leastGrowth);
  if (failureReason !== undefined) await endRun(store, runId, { status: 'skipped', failureReason }, now());
  return { snapshotId, isNew: failureReason === undefined };
}

async function tooLittleGrowth(store: Store, manifest: Manifest, least: number): Promise<string | undefined> {
  if (least <= 0) return undefined;
  const champion = (await readAliases(store))?.value.champion;
  const card = champion === undefined ? undefined : await readCard(store, champion);
  if (!card?.snapshot) return undefined;
  const before = await findManifest(store, card.snapshot.id);
  // It has expired: what the champion had is not known any more.
  if (before === undefined) return undefined;
  const rowsOf = ({ targets }: Manifest): number =>
    targets.reduce((sum, { excluded, measurements, models = 0 }) => {
      return sum + (excluded === null ? measurements + models : 0);
    }, 0);
  const growth = rowsOf(manifest) / rowsOf(before) - 1;
  const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;
  return growth >= least
    ? undefined
    : `${percent(growth)} more to learn from than the champion had; ${percent(least)} start a training`;
}

export interface FitPlanContext extends PhaseContext {
  /** Kind of processor that the fits will be made on, such as `arm64`. */
  readonly processor: string;
}

/** Plans the fits that are missing and the folds.
 * @throws DomainError `training-failed` with too little to hold out; `cancelled` */
export async function planPhase(
  { store, now, processor }: FitPlanContext,
  runId: string,
): Promise<{
  readonly fits: readonly { readonly fitId: string }[];
  readonly folds: readonly { readonly fold: number }[];
}> {
  const run = await changeRun(store, runId, now(), (current) => ({
    ...phaseChange(current, 'plan', now()),
    // What is planned keeps its addresses.
    ...(current.heldOut === undefined && { processor }),
  }));
  const { championBefore, fitIds, fitSteps, folds, hardwareKeys } = await planFits(store, run);
  await changeRun(store, runId, now(), (current) => {
    const { steps } = nextPhase(current, 'plan', 'fit', now());
    return {
      ...phaseChange({ ...current, steps }, 'fit', now(), { total: fitSteps }),
      heldOut: { devices: hardwareKeys, folds: folds.length },
      ...(championBefore !== undefined && { championBefore }),
    };
  });
  return { fits: fitIds.map((fitId) => ({ fitId })), folds: folds.map((fold) => ({ fold })) };
}

/** How often a fit looks whether its run is still wanted and says how far it is. */
const lookEveryMs = 2000;

/** Goes on with a fit until it is done or `deadlineMs` (ms since the epoch) comes.
 * @throws DomainError `cancelled` when the run has ended */
export async function fitPhase(
  { store, now }: PhaseContext,
  input: { readonly runId: string; readonly fitId: string },
  options: { readonly deadlineMs: number; readonly checkpointS?: number },
): Promise<ContinuedFit> {
  const { runId, fitId } = input;
  await requireRunning(store, runId);
  let lookedAtMs = now();
  const say = (result: ContinuedFit): Promise<unknown> =>
    writeJson(store, runFitKey(runId, fitId), { step: result.step, steps: result.steps });
  const result = await continueFit(store, fitId, {
    now,
    ...options,
    async onProgress(progress) {
      if (now() - lookedAtMs < lookEveryMs) return;
      lookedAtMs = now();
      await stayRunning(store, runId, now());
      await say(progress);
    },
  });
  await say(result);
  return result;
}

/** Scores candidates, champion and ridge regression on one fold.
 * @throws DomainError `cancelled` when the run has ended */
export async function evaluatePhase({ store, now }: PhaseContext, runId: string, fold: number): Promise<void> {
  await changeRun(store, runId, now(), (current) => nextPhase(current, 'fit', 'evaluate', now()));
  await evaluateFold(store, runId, fold);
}

/** Compares the best candidate with the champion and writes down what follows and why.
 * @throws DomainError `cancelled` when the run has ended */
export async function decidePhase(
  { store, now }: PhaseContext,
  runId: string,
): Promise<{ readonly outcome: Decision['outcome'] }> {
  const run = await changeRun(store, runId, now(), (current) => nextPhase(current, 'evaluate', 'decide', now()));
  const { settings, championBefore } = run;
  const plan = await planOf(store, run, championBefore);
  const folds: FoldScores[] = [];
  for (const { fold } of plan.folds) {
    const scores = await readJson(store, runFoldKey(runId, fold), foldScoresSchema);
    if (!scores) throw new Error(`fold ${fold} of run '${runId}' was not evaluated`);
    folds.push(scores.value);
  }
  const candidates = plan.candidates.map(({ seed, fitId }) => ({
    seed,
    fitId,
    ...ofSeed(folds, seed),
  }));
  const best = bestCandidate(candidates);
  const others = folds.flatMap((each) => each.others);
  const against = championBefore === undefined ? 'ridge' : 'champion';
  const judged = decide(
    best.scores,
    others.filter(({ model }) => model === against),
    against,
  );
  const evaluation: Evaluation = {
    protocol: protocolOf(run.heldOut!, settings.repeats),
    folds: plan.folds.length,
    shown: shownScores,
    scores: [...best.scores, ...others],
    differences: [...judged.differences],
    coverage: best.coverage,
    notEvaluated: folds.flatMap((each) => each.notEvaluated).sort(),
  };
  const decision: RunDecision = { seed: best.seed, fitId: best.fitId, decision: judged.decision, evaluation };
  await writeJson(store, runPredictionsKey(runId), best.predictions);
  await writeJson(store, runDecisionKey(runId), runDecisionSchema.parse(decision));
  // The phase is finished with the card (write-card.ts).
  await changeRun(store, runId, now(), () => ({ decision: judged.decision }));
  return { outcome: judged.decision.outcome };
}

function ofSeed(folds: readonly FoldScores[], seed: number) {
  const own = folds.map(({ candidates }) => candidates.find((candidate) => candidate.seed === seed)!);
  return {
    scores: own.flatMap(({ scores }) => scores),
    coverage: own.flatMap(({ coverage }) => coverage),
    predictions: own.flatMap(({ predictions }) => predictions),
  };
}

function protocolOf({ devices, folds }: NonNullable<RunRecord['heldOut']>, repeats: number): string {
  const held =
    devices === folds
      ? `Each of the ${devices} devices was held out in turn (leave-one-device-out)`
      : `The ${devices} devices were held out in ${folds} groups, one group at a time`;
  return (
    `${held}: a device's targets, of all settings, are predicted by a fit that saw none of them, each workload from ` +
    `${evaluatedMeasurements.join(', ')} measurements, ${repeats === 1 ? 'one random draw' : `${repeats} random draws`} and one chosen by the predictor, on ` +
    'architectures that no fit was trained on.'
  );
}

/** A refused run ends here. */
export async function refuseRun({ store, now }: PhaseContext, runId: string): Promise<void> {
  const run = await readRun(store, runId);
  await rememberDecision(store, runId);
  if (run.status === 'running') await endRun(store, runId, { status: 'refused' }, now());
}

/** The same dataset with the same settings is not trained on again. */
export async function rememberDecision(store: Store, runId: string): Promise<void> {
  const { snapshotId, settings, decision } = await readRun(store, runId);
  if (snapshotId === undefined) return;
  await writeJson(store, decidedKey(snapshotId, settingsId(settings)), { runId, decision });
}
