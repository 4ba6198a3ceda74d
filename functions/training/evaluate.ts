// Lambda: Evaluate, one fold of held-out devices.
import { evaluatePhase } from '#core/training/phases/run-phases.ts';
import { context, task } from './task.ts';

export const handler = task('evaluate', ({ runId, fold }: { readonly runId: string; readonly fold: number }) =>
  evaluatePhase(context, runId, fold),
);
