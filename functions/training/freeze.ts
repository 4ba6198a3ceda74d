// Lambda: FreezeSnapshot. Makes the run known where a schedule started it, freezes the dataset, says whether it is new.
import { freezePhase } from '#core/training/phases/run-phases.ts';
import { beginRun } from '#core/training/runs/start-run.ts';
import { type ExecutionInput, growthFrom } from './execution-input.ts';
import { context, task } from './task.ts';

export const handler = task('freeze', async ({ runId, requestedBy }: ExecutionInput) => {
  await beginRun(context.store, { runId, requestedBy, now: context.now() });
  return freezePhase(context, runId, { leastGrowth: requestedBy === 'data' ? growthFrom(process.env) : 0 });
});
