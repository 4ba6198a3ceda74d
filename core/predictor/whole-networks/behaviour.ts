// How a target behaves, as it is kept beside its adaptation and told to people: which kind of runtime it is like, which
// kinds of kernels are slow on it, and which measurements would tell most (observe-behaviour.ts).
import * as z from 'zod';
import { kernelKinds } from '#core/graph/kernel.ts';
import { loweringIds } from '#core/graph/lowerings.ts';

const probability = z.number().min(0).max(1);

export const behaviourSchema = z.strictObject({
  lowering: z.enum(loweringIds).describe('The lowering that explains its measurements best.'),
  loweringProbability: probability.describe('Posterior probability of that lowering.'),
  unlikeKnownProbability: probability.describe(
    'Posterior probability that prices learned from simulated devices alone describe it, ' +
      'and not those of real targets.',
  ),
  like: z
    .array(
      z.strictObject({
        target: z.string().describe('Id of a target that the predictor has learned from.'),
        apart: z
          .number()
          .nonnegative()
          .describe(
            'Root mean square of the relative differences between the latencies of standard networks here and there, ' +
              'as they are predicted, after one common factor.',
          ),
      }),
    )
    .exactOptional()
    .describe(
      'Which known targets it behaves like, the nearest first. Left out: too little is known of it, or the predictor ' +
        'knows none.',
    ),
  prices: z
    .array(
      z.strictObject({
        kind: z.enum([...kernelKinds, 'run']).describe('Kind of kernel; run: what an inference costs beside kernels.'),
        share: z.number().nonnegative().describe('Share of the time of the standard networks that it takes here.'),
        typicalShare: z.number().positive().describe('The same at typical prices.'),
        factor: z
          .number()
          .positive()
          .describe(
            'Its price over the typical one, relative to all kernels of kinds and sizes that the target has ' +
              'measured: above 1, it is slower here than those.',
          ),
        low: z.number().positive().describe('Lower end of the 90 % interval of factor.'),
        high: z.number().positive().describe('Upper end.'),
      }),
    )
    .describe('Prices of kernels by kind, largest share first; shares of all kinds sum to 1.'),
  measureNext: z
    .array(
      z.strictObject({
        network: z.string().describe('Name of a standard network.'),
        factor: z.number().min(1).describe('Ends of its 90 % interval over the prediction: at most this factor.'),
      }),
    )
    .describe('Standard networks not measured yet whose latency is least known, the first first.'),
});
export type Behaviour = z.infer<typeof behaviourSchema>;
