// What the report of a predictor is drawn from: its card, and the predictions that lie beside it. The report computes
// summaries of these and nothing else.
import * as z from 'zod';
import { cardSchema, heldOutPredictionsSchema } from './card.ts';

/** A predictor that was evaluated without a run, on a table, has a card without what only a run knows. */
export const reportedCardSchema = cardSchema.partial({
  runId: true,
  snapshot: true,
  evaluation: true,
  decision: true,
  learningCurve: true,
  limits: true,
});
export type ReportedCard = z.output<typeof reportedCardSchema>;

export const reportInputSchema = z.strictObject({
  card: reportedCardSchema,
  /** The candidate's, under the card's `evaluation.shown`; empty where none were kept. */
  predictions: heldOutPredictionsSchema,
});
export type ReportInput = z.output<typeof reportInputSchema>;
