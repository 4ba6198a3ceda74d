// The form of /v1/predictors.
import { z } from 'zod';
import { aliasesSchema, versionPattern } from '#core/predictors/aliases.ts';
import { cardSchema } from '#core/predictors/card.ts';
import { searchSpaceNameSchema } from './search-spaces.ts';

const version = z.string().regex(versionPattern).meta({ example: '0a1b2c3d4e5f6071' });

export const predictorsPathSchema = z.strictObject({ searchSpace: searchSpaceNameSchema });
export const predictorPathSchema = z.strictObject({ searchSpace: searchSpaceNameSchema, version });
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
