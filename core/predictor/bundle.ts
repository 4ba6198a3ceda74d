// A trained predictor as two files: predictor.onnx (the forward pass) and predictor.json (everything else a process
// needs to give the same numbers). No executable content, no library version inside: both stay readable.
import { createHash } from 'node:crypto';
import * as z from 'zod';
import { DomainError } from '#core/errors.ts';
import { createSession, float32Tensor } from '#core/onnx/session.ts';
import { searchSpace, searchSpaceIds } from '#core/search-space/registry.ts';
import type { Architecture, SearchSpace } from '#core/search-space/search-space.ts';
import { featureDimension, heads, noiseLevels } from './hypotheses.ts';
import type { Forward, PredictorIdentity } from './types.ts';

const hex256 = z.string().regex(/^[0-9a-f]{64}$/);

export const predictorParametersSchema = z.strictObject({
  format: z.literal('sugarbush-predictor'),
  formatVersion: z.literal(1),
  searchSpace: z.enum(searchSpaceIds),
  /** The encoder's outputs: a predictor refuses to load where the code's encoder differs. */
  features: z.strictObject({ count: z.int().positive(), schemaId: hex256 }),
  /** SHA-256 of predictor.onnx: the two files belong together, and a damaged network must not answer. */
  network: z.strictObject({ sha256: hex256 }),
  /** Applied inside predictor.onnx; stated here so that the file can be understood without it. */
  normalisation: z.strictObject({ mean: z.array(z.number()), deviation: z.array(z.number().positive()) }),
  /** Latency of a target: linear heads scale · m · (1 + φ·w + σε), logarithmic ones the same in log space. */
  heads: z.array(z.strictObject({ kind: z.enum(['linear', 'logarithmic']), mean: z.int().nonnegative() })),
  featureDimension: z.int().positive(),
  noiseLevels: z.array(z.number().positive()),
  /** ln prior probability of (head, noise level), [heads][levels]; the exponentials sum to 1. */
  logPriors: z.array(z.array(z.number())),
  lineage: z.strictObject({
    seed: z.int(),
    steps: z.int().positive(),
    mixture: z.number().min(0).max(1),
    architectures: z.int().positive(),
    targets: z.array(z.strictObject({ id: z.string(), measurements: z.int().nonnegative() })),
    /** SHA-256 over architectures and latencies as trained on. */
    dataHash: hex256,
    finalLoss: z.number(),
  }),
});
export type PredictorParameters = z.infer<typeof predictorParametersSchema>;

export interface PredictorBundle {
  readonly onnx: Uint8Array;
  readonly json: Uint8Array;
}

export interface Predictor {
  readonly identity: PredictorIdentity;
  readonly space: SearchSpace;
  readonly parameters: PredictorParameters;
  /** One pass of the network. Rows are independent: one forward pass serves any number of targets. */
  forward(architectures: readonly Architecture[]): Promise<Forward>;
  close(): Promise<void>;
}

/**
 * The feature schema id of a search space: SHA-256, hex, over its id and the names of its encoder's outputs. A
 * predictor trained under another id cannot be used.
 */
export const featureSchemaId = (space: SearchSpace): string =>
  createHash('sha256')
    .update(JSON.stringify([space.id, space.featureNames]))
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

/** Rows a forward pass handles at once: keeps its memory at a few MiB. */
const rowsPerPass = 4096;

/**
 * A predictor ready for forward passes, from the two files of a bundle; it holds an ONNX session until it is closed.
 * @throws DomainError `invalid-predictor` when the files are damaged, of another format, or made for an encoder that
 * differs from this code's
 */
export async function loadPredictor(bundle: PredictorBundle): Promise<Predictor> {
  const parameters = parseParameters(bundle.json);
  const space = searchSpace(parameters.searchSpace);
  if (parameters.features.schemaId !== featureSchemaId(space)) {
    const wanted = `${space.featureNames.length} features, schema ${featureSchemaId(space)}`;
    throw new DomainError(
      'invalid-predictor',
      `predictor of '${space.id}' was trained on ${parameters.features.count} features, schema ` +
        `${parameters.features.schemaId}; this version encodes ${wanted}: retrain it`,
    );
  }
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
  const columns = parameters.features.count;
  return {
    identity: { searchSpace: space.id, version: hash.slice(0, 16), hash },
    space,
    parameters,
    async forward(architectures) {
      const count = architectures.length;
      const means = Math.max(...parameters.heads.map((h) => h.mean)) + 1;
      const width = parameters.heads.length * parameters.featureDimension;
      const lnMean = new Float32Array(count * means);
      const phi = new Float32Array(count * width);
      for (let start = 0; start < count; start += rowsPerPass) {
        const part = architectures.slice(start, start + rowsPerPass);
        const outputs = await session.run({ features: float32Tensor(space.encode(part), [part.length, columns]) });
        lnMean.set(outputs['lnMean']!.data as Float32Array, start * means);
        phi.set(outputs['phi']!.data as Float32Array, start * width);
      }
      return { count, lnMean, phi };
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
  const { heads: own, noiseLevels: levels, featureDimension: dimension } = parsed.data;
  const expected = JSON.stringify([heads, noiseLevels, featureDimension]);
  if (JSON.stringify([own, levels, dimension]) !== expected) {
    throw invalid(`has heads, noise levels and dimension ${JSON.stringify([own, levels, dimension])}, not ${expected}`);
  }
  const { features, normalisation, logPriors } = parsed.data;
  const lengths = [normalisation.mean.length, normalisation.deviation.length];
  if (lengths.some((length) => length !== features.count)) {
    throw invalid(`normalises ${lengths.join(' and ')} features, not ${features.count}`);
  }
  if (logPriors.length !== heads.length || logPriors.some((own) => own.length !== noiseLevels.length)) {
    throw invalid(`has log priors of another shape than ${heads.length} heads × ${noiseLevels.length} noise levels`);
  }
  return parsed.data;
}
