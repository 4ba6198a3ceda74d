// Use case: put the best candidate of a run into the store with its card and report, promoted or not: whoever wants to
// know why it was refused, or to promote it all the same, finds it. Nobody is served by it yet. The card is written
// last: a version with a card has all of its files, but for a report that could not be drawn.

import { DomainError } from '#core/errors.ts';
import { clearChallenger, setChallenger } from '#core/predictors/aliases.ts';
import { cardSchema } from '#core/predictors/card.ts';
import { predictorKey } from '#core/predictors/keys.ts';
import { copyIfAbsent } from '#core/store/put-if-absent.ts';
import type { Store } from '#core/store/store.ts';
import { readJson } from '#core/store/stored-json.ts';
import { fitKey, runCardKey, runPredictionsKey, runReportKey } from '#core/training/keys.ts';
import { readDecision } from '#core/training/runs/run-decision.ts';
import { changeRun, phaseChange, requireRunning } from '#core/training/runs/run-record.ts';
import type { PhaseContext } from './run-phases.ts';

/** Copies the chosen fit with card and report to the published predictors and makes it challenger.
 * @throws DomainError `not-found` without a card; `cancelled` when the run has ended */
export async function publishPhase({ store, now }: PhaseContext, runId: string): Promise<{ readonly version: string }> {
  await changeRun(store, runId, now(), (current) => phaseChange(current, 'publish', now()));
  const { fitId } = await readDecision(store, runId);
  const card = await readJson(store, runCardKey(runId), cardSchema);
  if (!card) throw new DomainError('not-found', `training run '${runId}' has no card`);
  const { version } = card.value;
  const fit = (file: 'predictor.onnx' | 'predictor.json') => fitKey(fitId, file);
  const published = (file: 'predictor.onnx' | 'predictor.json') => predictorKey(version, file);
  await Promise.all([
    copyIfAbsent(store, fit('predictor.onnx'), published('predictor.onnx')),
    copyIfAbsent(store, fit('predictor.json'), published('predictor.json')),
    copyIfAbsent(store, runPredictionsKey(runId), predictorKey(version, 'predictions.json')),
    copyIfAbsent(store, runReportKey(runId), predictorKey(version, 'report.html')),
  ]);
  await requireRunning(store, runId);
  await copyIfAbsent(store, runCardKey(runId), predictorKey(version, 'card.json'));
  // Known before it challenges: whatever ends the run takes the challenger away.
  const { decision } = await changeRun(store, runId, now(), () => ({ version }));
  if (decision?.outcome === 'promoted') await challenge(store, runId, version);
  await changeRun(store, runId, now(), (current) => phaseChange(current, 'publish', now(), { finished: true }));
  return { version };
}

/** A run that is stopped just now leaves no challenger: it takes away what there is, and what comes after is taken away
 * here. */
async function challenge(store: Store, runId: string, version: string): Promise<void> {
  await setChallenger(store, version);
  try {
    await requireRunning(store, runId);
  } catch (error) {
    await clearChallenger(store, version);
    throw error;
  }
}
