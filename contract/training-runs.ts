// The form of /v1/training-runs.
import * as z from 'zod';
import { runPhases, runRecordSchema } from '#core/training/runs/run-record.ts';
import { runSettingsSchema } from '#core/training/runs/run-settings.ts';
import type { OperationsOf } from './operation.ts';
import { pageQuery } from './page-query.ts';

const { seeds, steps, folds, repeats } = runSettingsSchema.shape;

export const startRunRequestSchema = z
  .strictObject({
    seeds: seeds.describe('One candidate each; the best is compared with the champion.'),
    steps: steps.describe('Training steps of each fit.'),
    folds: folds.describe(
      'At most so many groups of devices are held out in turn; with no more devices, each on its own.',
    ),
    repeats: repeats.describe('Random draws of measurements for each held-out target.'),
  })
  .meta({ id: 'StartTrainingRun' });

export const runPathSchema = z.strictObject({
  id: z.string().max(256).meta({ description: 'Id of the run.' }),
});

export const listRunsQuerySchema = z.strictObject({
  ...pageQuery('Runs a page.'),
});

export const runSchema = runRecordSchema
  .omit({ steps: true, committed: true, execution: true, lastFinished: true, processor: true })
  .meta({ id: 'TrainingRun' })
  .describe('`failureReason` says why a run was skipped, stopped or failed; `decision` why it promoted or refused.');

export const runListSchema = z
  .strictObject({
    runs: z.array(runSchema),
    nextCursor: z.string().nullable().describe('Opaque; for the next page. null on the last one.'),
  })
  .meta({ id: 'TrainingRunList' });

export const runViewSchema = z
  .strictObject({
    run: runSchema,
    steps: z.array(
      z.strictObject({
        step: z.enum(runPhases),
        status: z.enum(['waiting', 'running', 'done', 'ended']).describe('ended: the run ended in this step.'),
        startedAt: z.iso.datetime().optional(),
        finishedAt: z.iso.datetime().optional(),
        done: z.int().nonnegative().optional(),
        total: z
          .int()
          .nonnegative()
          .optional()
          .describe('Units of work: targets of freeze and adapt, training steps of fit, folds of evaluate.'),
        share: z.number().min(0).max(1).optional().describe('done / total, where it is known.'),
        leftS: z
          .int()
          .nonnegative()
          .optional()
          .describe('Seconds until a step under way is done, from its own pace; absent: not known.'),
      }),
    ),
    timeLeftS: z
      .int()
      .nonnegative()
      .nullable()
      .describe(
        'Seconds until the run ends: steps under way at their pace, others as in the last run that ' +
          'promoted or refused. null: not known, or it has ended.',
      ),
  })
  .meta({ id: 'TrainingRunView' });

export const trainingRunOperations = {
  startTrainingRun: {
    summary: 'Start a training run',
    description:
      'One predictor for all search spaces, one run at a time: a second one is refused with the id of the first in `issues`, as ' +
      '`runs/{id}`. The same `Idempotency-Key` gives the same run.',
    tag: 'training',
    idempotent: true,
    body: startRunRequestSchema,
    status: 201,
    reply: runViewSchema,
    refusals: ['conflict', 'storage-full'],
  },
  listTrainingRuns: {
    summary: 'List the training runs, a page at a time',
    tag: 'training',
    query: listRunsQuerySchema,
    reply: runListSchema,
    refusals: [],
  },
  showTrainingRun: {
    summary: 'Show one training run, how far each step is and how long the fits still take',
    tag: 'training',
    path: runPathSchema,
    reply: runViewSchema,
    refusals: ['not-found'],
  },
  stopTrainingRun: {
    summary: 'Stop a training run',
    description: 'At once, unless its predictor is just being promoted (409). A run that has ended is left as it is.',
    tag: 'training',
    path: runPathSchema,
    reply: runViewSchema,
    refusals: ['not-found', 'conflict', 'storage-full'],
  },
} as const satisfies OperationsOf<'training-runs'>;
