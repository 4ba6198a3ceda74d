// Lambda: Decide. Compares candidate and champion, and writes the card of the candidate.
import { decidePhase } from '#core/training/phases/run-phases.ts';
import { writeCard } from '#core/training/phases/write-card.ts';
import { context, task } from './task.ts';

export const handler = task('decide', async ({ runId }: { readonly runId: string }) => {
  const decided = await decidePhase(context, runId);
  await writeCard(context, runId);
  return decided;
});
