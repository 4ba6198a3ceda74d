// Lambda: Report. Draws the report of the candidate, promoted or not.
import { reportPhase } from '#core/training/phases/report-phase.ts';
import { renderReport } from '#report/render-report.ts';
import { context, task } from './task.ts';

export const handler = task('report', ({ runId }: { readonly runId: string }) =>
  reportPhase(context, runId, renderReport),
);
