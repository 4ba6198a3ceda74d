// Lambda: AdaptTargets, one batch, under the predictor that is about to become champion.
import type { TargetBatch } from '#core/training/phases/adapt-targets.ts';
import { adaptPhase } from '#core/training/phases/promote-phase.ts';
import { context, task } from './task.ts';

export const handler = task('adapt', ({ runId, batch }: { readonly runId: string; readonly batch: TargetBatch }) =>
  adaptPhase(context, runId, batch),
);
