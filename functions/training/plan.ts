// Lambda: PlanFits.
import { planPhase } from '#core/training/phases/run-phases.ts';
import { context, task } from './task.ts';

export const handler = task('plan', ({ runId }: { readonly runId: string }) =>
  planPhase({ ...context, processor: process.arch }, runId),
);
