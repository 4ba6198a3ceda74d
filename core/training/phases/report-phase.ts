// Use case: draw the report of a run's candidate from its card: training-parts/{runId}/report.html, published with it.
import { DomainError } from '#core/errors.ts';
import { cardSchema, heldOutPredictionsSchema } from '#core/predictors/card.ts';
import type { ReportInput } from '#core/predictors/report-input.ts';
import { readJson } from '#core/store/stored-json.ts';
import { runCardKey, runPredictionsKey, runReportKey } from '#core/training/keys.ts';
import { changeRun, phaseChange } from '#core/training/runs/run-record.ts';
import type { PhaseContext } from './run-phases.ts';

/** @param render the page of a card; the same card gives the same page
 * @throws DomainError `not-found` where the run has no card yet */
export async function reportPhase(
  { store, now }: PhaseContext,
  runId: string,
  render: (input: ReportInput) => Promise<string>,
): Promise<void> {
  await changeRun(store, runId, now(), (run) => phaseChange(run, 'report', now()));
  const card = await readJson(store, runCardKey(runId), cardSchema);
  if (!card) throw new DomainError('not-found', `training run '${runId}' has no card`);
  const predictions = (await readJson(store, runPredictionsKey(runId), heldOutPredictionsSchema))?.value ?? [];
  const page = await render({ card: card.value, predictions });
  await store.put(runReportKey(runId), new TextEncoder().encode(page));
  await changeRun(store, runId, now(), (run) => phaseChange(run, 'report', now(), { finished: true }));
}
