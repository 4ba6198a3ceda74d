// The last phases of a run that promotes, and an operator's promotion or roll-back by alias. In both every target is
// adapted under the version before the alias moves to it.

import { DomainError } from '#core/errors.ts';
import { type Aliases, clearChallenger, moveChampion, readAliases, setChallenger } from '#core/predictors/aliases.ts';
import { readCard } from '#core/predictors/card.ts';
import { writeJson } from '#core/store/stored-json.ts';
import { runBatchesKey } from '#core/training/keys.ts';
import { endRun } from '#core/training/runs/end-run.ts';
import { changeRun, nextPhase, phaseChange, requireRunning, stayRunning } from '#core/training/runs/run-record.ts';
import { adaptBatch, adaptMissing, planAdaptation, type TargetBatch } from './adapt-targets.ts';
import { dropAdaptations } from './drop-adaptations.ts';
import { type PhaseContext, rememberDecision } from './run-phases.ts';

/** What the state machine goes by. Of many batches only the number: its state holds 256 KiB. */
export interface PlannedBatches {
  readonly batchCount: number;
  /** All of them, or none where they are more than `mostInlineBatches`. */
  readonly batches: readonly TargetBatch[];
  /** Where they are all, in the store. */
  readonly batchesKey: string;
}

/** The batches of targets to adapt; none where the run refused its candidate. */
export async function planAdaptPhase(
  { store, now }: PhaseContext,
  runId: string,
  { mostInlineBatches }: { readonly mostInlineBatches: number },
): Promise<PlannedBatches> {
  const { decision } = await requireRunning(store, runId);
  const batchesKey = runBatchesKey(runId);
  if (decision?.outcome !== 'promoted') return { batchCount: 0, batches: [], batchesKey };
  const batches = await planAdaptation(store);
  await writeJson(store, batchesKey, batches);
  const total = batches.reduce((sum, { count }) => sum + count, 0);
  await changeRun(store, runId, now(), (current) => phaseChange(current, 'adapt', now(), { total }));
  return { batchCount: batches.length, batches: batches.length > mostInlineBatches ? [] : batches, batchesKey };
}

/** How often a batch looks whether its run is still wanted. */
const lookEveryMs = 1000;

/** Adapts one batch of targets to the candidate.
 * @throws DomainError `cancelled` when the run ends meanwhile */
export async function adaptPhase({ store, now }: PhaseContext, runId: string, batch: TargetBatch): Promise<void> {
  const { version } = await requireRunning(store, runId);
  let lookedAtMs = now();
  await adaptBatch(store, version!, batch, {
    onTarget: async () => {
      if (now() - lookedAtMs < lookEveryMs) return;
      lookedAtMs = now();
      await stayRunning(store, runId, now());
    },
  });
}

/** From the commit on the run is finished, not stopped: done again it goes on where it was. */
export async function promotePhase({ store, now }: PhaseContext, runId: string): Promise<void> {
  const { version, championBefore } = await changeRun(store, runId, now(), (current) =>
    nextPhase(current, 'adapt', 'promote', now()),
  );
  // Targets that came while the others were adapted.
  await adaptMissing(store, version!);
  await changeRun(store, runId, now(), () => ({ committed: true }));
  await moveChampion(store, version!);
  await adaptMissing(store, version!);
  await dropAdaptations(store, [version, championBefore]);
  await rememberDecision(store, runId);
  await changeRun(store, runId, now(), (current) => phaseChange(current, 'promote', now(), { finished: true }));
  await endRun(store, runId, { status: 'promoted' }, now());
}

/** How long a request may take; what is adapted by then stays adapted. */
const mostRequestMs = 20_000;

/** An operator's word: promotes or rolls back to a published version.
 * @throws DomainError `not-found`; `not-ready` where there are more targets to adapt than a request has time for: sent
 * again it goes on */
export async function setChampion({ store, now }: PhaseContext, version: string): Promise<Aliases> {
  if (!(await readCard(store, version))) {
    throw new DomainError('not-found', `there is no predictor '${version.slice(0, 80)}'`);
  }
  await setChallenger(store, version);
  try {
    const untilMs = now() + mostRequestMs;
    const onTarget = async (): Promise<void> => {
      if (now() < untilMs) return;
      throw new DomainError('not-ready', `the targets are being adapted to '${version}': send it again`);
    };
    for (const batch of await planAdaptation(store)) {
      await adaptBatch(store, version, batch, { onTarget });
    }
    await moveChampion(store, version);
  } catch (error) {
    await clearChallenger(store, version);
    throw error;
  }
  return (await readAliases(store))!.value;
}
