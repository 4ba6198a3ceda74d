// Use case: draw the report of a run's candidate beside its card: predictors/{searchSpace}/{version}/report.html.
import { readJson } from '#core/service/stored-json.ts';
import { heldOutPredictionsSchema } from './card.ts';
import { predictorPartKey } from './keys.ts';
import { readCard } from './plan-fits.ts';
import { renderReport } from './report.ts';
import { changeRun, stepChange } from './run-record.ts';
import type { StepContext } from './run-steps.ts';

/** Of the same card the same page. */
export async function reportStep({ store, now }: StepContext, runId: string): Promise<void> {
  const { searchSpace, version } = await changeRun(store, runId, now(), (run) => stepChange(run, 'report', now()));
  const card = (await readCard(store, searchSpace, version!))!;
  const key = predictorPartKey(searchSpace, version!, 'predictions.json');
  const predictions = (await readJson(store, key, heldOutPredictionsSchema))?.value ?? [];
  const page = await renderReport({ card, predictions });
  await store.put(predictorPartKey(searchSpace, version!, 'report.html'), new TextEncoder().encode(page));
  await changeRun(store, runId, now(), (run) => stepChange(run, 'report', now(), { finished: true }));
}
