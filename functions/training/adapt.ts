// Lambda: AdaptTargets, one batch, under the predictor that is about to become champion.
import type { TargetBatch } from '#core/training/adapt-all.ts';
import { adaptStep } from '#core/training/promote-step.ts';
import { context, task } from './task.ts';

export const handler = task(({ runId, batch }: { readonly runId: string; readonly batch: TargetBatch }) =>
  adaptStep(context, runId, batch),
);
