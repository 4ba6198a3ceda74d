// Lambda: Publish. Puts the candidate with card and report where predictors are, and plans the adaptation of the
// targets where it is to be promoted.
import { planAdaptPhase } from '#core/training/phases/promote-phase.ts';
import { publishPhase } from '#core/training/phases/publish-phase.ts';
import { context, task } from './task.ts';

interface PublishInput {
  readonly runId: string;
  /** More batches than these are left in the store, for a distributed map. */
  readonly mostInlineBatches: number;
}

export const handler = task('publish', async ({ runId, mostInlineBatches }: PublishInput) => {
  await publishPhase(context, runId);
  return planAdaptPhase(context, runId, { mostInlineBatches });
});
