// Lambda: Fit. Goes on with a fit until shortly before its own time ends; the state machine calls it until it is done.
import { fitPhase } from '#core/training/phases/run-phases.ts';
import { context, task } from './task.ts';

interface FitInput {
  readonly runId: string;
  readonly fitId: string;
}

/** For the steps that are under way, and for writing the checkpoint. */
const reserveMs = 30_000;

export const handler = task('fit', (input: FitInput, remainingMs) =>
  fitPhase(context, input, { deadlineMs: Date.now() + Math.max(0, remainingMs() - reserveMs) }),
);
