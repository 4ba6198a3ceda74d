// What a run's Decide phase found, kept for the phases after it: training-parts/{runId}/decision.json.
import * as z from 'zod';
import { DomainError } from '#core/errors.ts';
import { decisionSchema, evaluationSchema } from '#core/predictors/card.ts';
import type { Store } from '#core/store/store.ts';
import { readJson } from '#core/store/stored-json.ts';
import { runDecisionKey } from '#core/training/keys.ts';

export const runDecisionSchema = z.strictObject({
  /** Seed of the best candidate. */
  seed: z.int(),
  fitId: z.string(),
  decision: decisionSchema,
  evaluation: evaluationSchema,
});
export type RunDecision = z.infer<typeof runDecisionSchema>;

/** @throws DomainError `not-found` */
export async function readDecision(store: Store, runId: string): Promise<RunDecision> {
  const found = await readJson(store, runDecisionKey(runId), runDecisionSchema);
  if (found) return found.value;
  throw new DomainError('not-found', `training run '${runId}' has not decided`);
}
