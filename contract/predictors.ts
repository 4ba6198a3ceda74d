// The form of /v1/predictors.
import * as z from 'zod';
import { aliasesSchema, versionPattern } from '#core/predictors/aliases.ts';
import { cardSchema } from '#core/predictors/card.ts';
import type { OperationsOf } from './operation.ts';

const version = z.string().regex(versionPattern);

export const predictorPathSchema = z.strictObject({ version });
export const setChampionRequestSchema = z.strictObject({ version }).meta({ id: 'SetChampion' });
export const aliasesReplySchema = aliasesSchema.meta({ id: 'PredictorAliases' });

export const predictorSummarySchema = z.strictObject({
  version: z.string(),
  createdAt: z.iso.datetime(),
  alias: z.enum(['champion', 'challenger']).nullable(),
  runId: z.string().nullable().describe('The training run it comes from; null: none.'),
  outcome: z.enum(['promoted', 'refused']).nullable().describe('What that run decided.'),
  within10: z.number().nullable().describe('Share of held-out predictions within ±10 % after 10 random measurements.'),
});

export const predictorListSchema = z
  .strictObject({ predictors: z.array(predictorSummarySchema).describe('Newest first.') })
  .meta({ id: 'PredictorList' });

export const predictorViewSchema = z
  .strictObject({
    card: cardSchema,
    alias: z.enum(['champion', 'challenger']).nullable(),
    report: z.string().nullable().describe('Path of its report, an HTML page; null: there is none.'),
  })
  .meta({ id: 'PredictorView' });

export const predictorOperations = {
  listPredictors: {
    summary: 'List the predictors',
    tag: 'training',
    reply: predictorListSchema,
    refusals: [],
  },
  showPredictor: {
    summary: 'Show the card of a predictor: its data, evaluation, decision and limits',
    tag: 'training',
    path: predictorPathSchema,
    reply: predictorViewSchema,
    refusals: ['not-found'],
  },
  showReport: {
    summary: 'Show the report of a predictor, a page to look at',
    tag: 'training',
    path: predictorPathSchema,
    reply: z.string(),
    media: 'text/html',
    done: 'The page.',
    refusals: ['not-found'],
  },
  setChampion: {
    summary: 'Promote a predictor, or roll back to one',
    description:
      'Every target is adapted under it before the alias moves. Predictions follow within the revalidation time.',
    tag: 'training',
    body: setChampionRequestSchema,
    reply: aliasesReplySchema,
    refusals: ['not-found', 'conflict', 'not-ready', 'storage-full'],
  },
} as const satisfies OperationsOf<'predictors'>;
