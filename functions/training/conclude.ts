// Lambda: Promote or Refuse, the last step of a run.
import { promoteStep } from '#core/training/promote-step.ts';
import { refuseStep } from '#core/training/run-steps.ts';
import { context, task } from './task.ts';

interface ConcludeInput {
  readonly runId: string;
  readonly outcome: 'promoted' | 'refused';
}

export const handler = task(({ runId, outcome }: ConcludeInput) =>
  outcome === 'promoted' ? promoteStep(context, runId) : refuseStep(context, runId),
);
