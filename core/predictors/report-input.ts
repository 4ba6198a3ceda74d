// What the report of a predictor is drawn from: its card, and the predictions that lie beside it. The report computes
// summaries of these and nothing else.
import * as z from 'zod';
import { cardSchema, heldOutPredictionsSchema } from './card.ts';

export const reportInputSchema = z.strictObject({
  card: cardSchema,
  /** The candidate's, under the card's `evaluation.shown`; empty where none were kept. */
  predictions: heldOutPredictionsSchema,
});
export type ReportInput = z.output<typeof reportInputSchema>;
