// Lambda: Promote or Refuse, the last step of a run.
import { promotePhase } from '#core/training/phases/promote-phase.ts';
import { refuseRun } from '#core/training/phases/run-phases.ts';
import { context, task } from './task.ts';

interface ConcludeInput {
  readonly runId: string;
  readonly outcome: 'promoted' | 'refused';
}

export const handler = task('conclude', ({ runId, outcome }: ConcludeInput) =>
  outcome === 'promoted' ? promotePhase(context, runId) : refuseRun(context, runId),
);
