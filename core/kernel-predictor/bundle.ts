// A trained predictor as two files: predictor.onnx prices kernels, predictor.json (format version 2) says everything
// else that a process needs to give the same numbers. No executable content, no library version inside: both stay
// readable.
import { createHash } from 'node:crypto';
import * as z from 'zod';
import { DomainError } from '#core/errors.ts';
import type { Kernel } from '#core/graph/kernel.ts';
import { createSession, float32Tensor } from '#core/onnx/session.ts';
import { featureDimension, headsOf, netCount, noiseLevels } from './hypotheses.ts';
import { kernelClassNames, membershipOf } from './kernel-classes.ts';
import { kernelFeatureNames, kernelFeatures } from './kernel-features.ts';

const hex256 = z.string().regex(/^[0-9a-f]{64}$/);

export const predictorParametersSchema = z.strictObject({
  format: z.literal('sugarbush-predictor'),
  formatVersion: z.literal(2),
  /** Features of kernels: a predictor refuses to load where the code's features or classes differ. */
  features: z.strictObject({ count: z.int().positive(), schemaId: hex256 }),
  /** SHA-256 of predictor.onnx: the two files belong together, and a damaged network must not answer. */
  network: z.strictObject({ sha256: hex256 }),
  /** Applied inside predictor.onnx; stated here so that the file can be understood without it. */
  normalisation: z.strictObject({ mean: z.array(z.number()), deviation: z.array(z.number().positive()) }),
  lowerings: z.array(z.string()).min(1),
  featureDimension: z.int().positive(),
  noiseLevels: z.array(z.number().positive()),
  /** ln prior probability of (head, noise level), [heads][levels], heads as headsOf orders them; the exponentials sum
   * to
   * 1. */
  logPriors: z.array(z.array(z.number())),
  lineage: z.strictObject({
    seed: z.int(),
    steps: z.int().positive(),
    groups: z.array(
      z.strictObject({
        id: z.string(),
        networks: z.int().positive(),
        targets: z.array(z.strictObject({ id: z.string(), measurements: z.int().nonnegative() })),
      }),
    ),
    /** SHA-256 over kernels, counts and latencies as trained on. */
    dataHash: hex256,
    finalLoss: z.number(),
  }),
});
export type PredictorParameters = z.infer<typeof predictorParametersSchema>;

export interface PredictorBundle {
  readonly onnx: Uint8Array;
  readonly json: Uint8Array;
}

/** Prices of kernels in the order asked for, one set a price network. */
export interface PriceTable {
  readonly count: number;
  /** [nets][count]. */
  readonly lnMean: readonly Float32Array[];
  /** [nets][count · P]. */
  readonly psi: readonly Float32Array[];
}

export interface KernelPredictor {
  readonly version: string;
  /** SHA-256 over both files, hex. */
  readonly hash: string;
  readonly parameters: PredictorParameters;
  /** Prices at `batch` times the kernels' own batch size. */
  prices(kernels: readonly Kernel[], batch?: number): Promise<PriceTable>;
  close(): Promise<void>;
}

export const featureSchemaId = createHash('sha256')
  .update(JSON.stringify([kernelFeatureNames, kernelClassNames]))
  .digest('hex');

/** SHA-256 of the bytes, 64 hex digits in lower case. */
export const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/**
 * SHA-256 over predictor.onnx and then predictor.json, hex; with it a client can tell whether two answers came from the
 * same predictor.
 */
export const bundleHash = (bundle: PredictorBundle): string =>
  createHash('sha256').update(bundle.onnx).update(bundle.json).digest('hex');

/** Parameters as the bytes of a bundle's predictor.json: UTF-8, indented by one space, with a final newline. */
export const encodeParameters = (parameters: PredictorParameters): Uint8Array =>
  new TextEncoder().encode(`${JSON.stringify(parameters, null, 1)}\n`);

/** Kernels that a pass prices at once: keeps its memory at a few MiB. */
const kernelsPerPass = 4096;

/**
 * A predictor ready to price kernels, from the two files of a bundle; it holds an ONNX session until it is closed.
 * @throws DomainError `invalid-predictor` when the files are damaged, of another format, or made for features or
 * classes of kernels that differ from this code's
 */
export async function loadKernelPredictor(bundle: PredictorBundle): Promise<KernelPredictor> {
  const parameters = parseParameters(bundle.json);
  const found = sha256(bundle.onnx);
  if (found !== parameters.network.sha256) {
    throw new DomainError(
      'invalid-predictor',
      `predictor.onnx (${bundle.onnx.length} bytes, SHA-256 ${found}) is damaged or of another predictor: ` +
        `predictor.json names ${parameters.network.sha256}`,
    );
  }
  const session = await createSession(bundle.onnx);
  const hash = bundleHash(bundle);
  return {
    version: hash.slice(0, 16),
    hash,
    parameters,
    async prices(kernels, batch = 1) {
      const count = kernels.length;
      const lnMean = Array.from({ length: netCount }, () => new Float32Array(count));
      const psi = Array.from({ length: netCount }, () => new Float32Array(count * featureDimension));
      for (let start = 0; start < count; start += kernelsPerPass) {
        const part = kernels.slice(start, start + kernelsPerPass);
        const outputs = await session.run({
          features: float32Tensor(Float32Array.from(part.flatMap((k) => kernelFeatures(k, batch))), [
            part.length,
            kernelFeatureNames.length,
          ]),
          membership: float32Tensor(membershipOf(part), [part.length, kernelClassNames.length]),
        });
        for (let net = 0; net < netCount; net++) {
          lnMean[net]!.set(outputs[`lnMean${net}`]!.data as Float32Array, start);
          psi[net]!.set(outputs[`psi${net}`]!.data as Float32Array, start * featureDimension);
        }
      }
      return { count, lnMean, psi };
    },
    close: () => session.release(),
  };
}

function parseParameters(json: Uint8Array): PredictorParameters {
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
  return parsed.data;
}
