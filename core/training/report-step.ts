// Use case: draw the report of a run's candidate from its card: training-parts/{runId}/report.html, published with it.
import { DomainError } from '#core/errors.ts';
import { readJson } from '#core/service/stored-json.ts';
import { cardSchema, heldOutPredictionsSchema } from './card.ts';
import { runCardKey, runPredictionsKey, runReportKey } from './keys.ts';
import { renderReport } from './report.ts';
import { changeRun, stepChange } from './run-record.ts';
import type { StepContext } from './run-steps.ts';

/** Of the same card the same page. */
export async function reportStep({ store, now }: StepContext, runId: string): Promise<void> {
  await changeRun(store, runId, now(), (run) => stepChange(run, 'report', now()));
  const card = await readJson(store, runCardKey(runId), cardSchema);
  if (!card) throw new DomainError('not-found', `training run '${runId}' has no card`);
  const predictions = (await readJson(store, runPredictionsKey(runId), heldOutPredictionsSchema))?.value ?? [];
  const page = await renderReport({ card: card.value, predictions });
  await store.put(runReportKey(runId), new TextEncoder().encode(page));
  await changeRun(store, runId, now(), (run) => stepChange(run, 'report', now(), { finished: true }));
}
