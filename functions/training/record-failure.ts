// Lambda: RecordFailure. Writes step and reason of what failed for good into the run's record.
import { recordFailure } from '#core/training/runs/end-run.ts';
import { causeOf } from './cause.ts';
import { context, task } from './task.ts';

interface FailureInput {
  readonly runId: string;
  /** As the state machine's Catch gives it. */
  readonly error: { readonly Error?: string; readonly Cause?: string };
}

export const handler = task('record-failure', async ({ runId, error }: FailureInput) => {
  const failure = { name: error.Error ?? 'Unknown', reason: causeOf(error.Cause) };
  const { status } = await recordFailure(context.store, runId, failure, context.now());
  return { status };
});
