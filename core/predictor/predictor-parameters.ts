// predictor.json: everything beside the price network that a process needs to give the same numbers.
import { createHash } from 'node:crypto';
import * as z from 'zod';
import { DomainError } from '#core/errors.ts';
import { loweringIds } from '#core/graph/lowerings.ts';
import { longList, numberList } from '#core/store/long-list.ts';
import { featureDimension, headsOf, noiseLevels } from './hypotheses.ts';
import { kernelClassNames } from './kernels/kernel-classes.ts';
import { kernelFeatureNames } from './kernels/kernel-features.ts';
import { counterMapSchema } from './operators/counter-prior.ts';

const hex256 = z.string().regex(/^[0-9a-f]{64}$/);

interface LearnedTarget {
  id: string;
  measurements: number;
}

function isLearnedTarget(value: unknown): boolean {
  const { id, measurements } = (value ?? {}) as Partial<LearnedTarget>;
  const isCount = Number.isSafeInteger(measurements) && measurements! >= 0;
  return typeof id === 'string' && isCount && Object.keys(value as object).length === 2;
}

const centreSchema = z.strictObject({
  target: z.string(),
  /** Index of the likeliest head of net 0. */
  head: z.int().nonnegative(),
  /** Mean of w under it [P]. */
  weights: numberList,
});
/** A target that a predictor has learned from. */
export type Centre = z.infer<typeof centreSchema>;

export const predictorParametersSchema = z.strictObject({
  format: z.literal('sugarbush-predictor'),
  formatVersion: z.literal(2),
  /** What is seen of kernels: a predictor refuses to load where the code's features or classes differ. */
  features: z.strictObject({ count: z.int().positive(), schemaId: hex256 }),
  /** SHA-256 of predictor.onnx: the two files belong together, and a damaged network must not answer. */
  network: z.strictObject({ sha256: hex256 }),
  /** Applied inside predictor.onnx; stated here so that the file can be understood without it. */
  normalisation: z.strictObject({ mean: numberList, deviation: z.array(z.number().positive()) }),
  lowerings: z.array(z.enum(loweringIds)).min(1),
  featureDimension: z.int().positive(),
  noiseLevels: z.array(z.number().positive()),
  /** ln prior probability of (head, noise level), [heads][levels], heads as headsOf orders them; the exponentials sum
   * to
   * 1. */
  logPriors: z.array(numberList),
  /** How counters move the prior of a target's weights; left out: they do not. */
  counters: counterMapSchema.exactOptional(),
  /** What targets that were learned from are like; left out: nothing is made of them. */
  centres: z.array(centreSchema).exactOptional(),
  lineage: z.strictObject({
    seed: z.int(),
    steps: z.int().positive(),
    groups: z.array(
      z.strictObject({
        id: z.string(),
        networks: z.int().positive(),
        targets: longList<LearnedTarget>(isLearnedTarget, 'ids of targets with numbers of measurements'),
      }),
    ),
    /** SHA-256 over kernels, counts and latencies as trained on. */
    dataHash: hex256,
    finalLoss: z.number(),
  }),
});
export type PredictorParameters = z.infer<typeof predictorParametersSchema>;

/** Names features and classes of kernels in one hash: a predictor says which it was trained on. */
export const featureSchemaId = createHash('sha256')
  .update(JSON.stringify([kernelFeatureNames, kernelClassNames]))
  .digest('hex');

/** The bytes of predictor.json. */
export const encodeParameters = (parameters: PredictorParameters): Uint8Array =>
  new TextEncoder().encode(`${JSON.stringify(parameters, null, 1)}\n`);

/** @throws DomainError `invalid-predictor` */
export function parseParameters(json: Uint8Array): PredictorParameters {
  const invalid = (message: string, cause?: unknown) =>
    new DomainError('invalid-predictor', `predictor.json ${message}`, { cause });
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder().decode(json));
  } catch (cause) {
    throw invalid('is not JSON', cause);
  }
  const parsed = predictorParametersSchema.safeParse(value);
  if (!parsed.success) throw invalid(`is not valid: ${z.prettifyError(parsed.error)}`, parsed.error);
  const { features, normalisation, lowerings, logPriors } = parsed.data;
  if (features.schemaId !== featureSchemaId) {
    const own = `${kernelFeatureNames.length} features, schema ${featureSchemaId}`;
    throw invalid(
      `describes ${features.count} features, schema ${features.schemaId}; this version has ${own}: retrain it`,
    );
  }
  const expected = JSON.stringify([noiseLevels, featureDimension]);
  const given = JSON.stringify([parsed.data.noiseLevels, parsed.data.featureDimension]);
  if (given !== expected) throw invalid(`has noise levels and dimension ${given}, not ${expected}`);
  const lengths = [normalisation.mean.length, normalisation.deviation.length];
  if (lengths.some((length) => length !== features.count)) {
    throw invalid(`normalises ${lengths.join(' and ')} features, not ${features.count}`);
  }
  const heads = headsOf(lowerings).length;
  if (logPriors.length !== heads || logPriors.some((own) => own.length !== noiseLevels.length)) {
    throw invalid(`has log priors of another shape than ${heads} heads × ${noiseLevels.length} noise levels`);
  }
  const { centres = [] } = parsed.data;
  if (centres.some(({ head, weights }) => head >= heads || weights.length !== featureDimension)) {
    throw invalid(`has centres of another shape than ${heads} heads and ${featureDimension} weights`);
  }
  return parsed.data;
}
