// Lambda: Decide. Compares candidate and champion, publishes the candidate with its card, and plans the adaptation of the
// targets where it is to be promoted.
import { planAdaptStep } from '#core/training/promote-step.ts';
import { publishStep } from '#core/training/publish-candidate.ts';
import { decideStep } from '#core/training/run-steps.ts';
import { context, task } from './task.ts';

export const handler = task(async ({ runId }: { readonly runId: string }) => {
  const { outcome } = await decideStep(context, runId);
  const { version } = await publishStep(context, runId);
  const batches = outcome === 'promoted' ? (await planAdaptStep(context, runId)).batches : [];
  return { outcome, version, batches };
});
