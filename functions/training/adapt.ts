// Lambda: AdaptTargets, one batch, under the predictor that is about to become champion.
import type { TargetBatch } from '#core/training/phases/adapt-targets.ts';
import { adaptStep } from '#core/training/phases/promote-phase.ts';
import { context, task } from './task.ts';

export const handler = task(({ runId, batch }: { readonly runId: string; readonly batch: TargetBatch }) =>
  adaptStep(context, runId, batch),
);
