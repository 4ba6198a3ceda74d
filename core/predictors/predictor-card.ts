// What is known of a predictor for people and for the API: predictors/{searchSpace}/{version}/card.json. Written once,
// last of the predictor's files, so that a predictor with a card is complete.
import { z } from 'zod';
import { searchSpaceIds } from '#core/search-space/registry.ts';

export const predictorCardSchema = z.strictObject({
  searchSpace: z.enum(searchSpaceIds),
  version: z.string(),
  hash: z.string().regex(/^[0-9a-f]{64}$/),
  createdAt: z.iso.datetime(),
  training: z.strictObject({
    seed: z.int(),
    steps: z.int().positive(),
    trainS: z.number().nonnegative(),
    architectures: z.int().positive(),
    targets: z.array(z.string()),
    /** SHA-256 over architectures and latencies as trained on. */
    dataHash: z.string(),
  }),
});
export type PredictorCard = z.infer<typeof predictorCardSchema>;
