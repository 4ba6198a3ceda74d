// A trained predictor as two files: predictor.onnx prices kernels, predictor.json (format version 2) says everything
// else that a process needs to give the same numbers. No executable content, no library version inside: both stay
// readable.
import { createHash } from 'node:crypto';
import { DomainError } from '#core/errors.ts';
import type { Kernel } from '#core/graph/kernel.ts';
import { createSession, float32Tensor } from '#core/onnx/session.ts';
import { keptMoments } from './adaptation/kept-moments.ts';
import { netCount, featureDimension as P } from './hypotheses.ts';
import { networkCounts } from './kernels/count-cache.ts';
import { forwardOfSets } from './kernels/forward.ts';
import { kernelClassNames, membershipOf } from './kernels/kernel-classes.ts';
import { kernelFeatureNames, kernelFeatures } from './kernels/kernel-features.ts';

import { priceBooks } from './kernels/price-book.ts';
import { parseParameters } from './predictor-parameters.ts';
import type { Predictor, PriceTable } from './types.ts';

export interface PredictorBundle {
  readonly onnx: Uint8Array;
  readonly json: Uint8Array;
}

/** SHA-256 of bytes, hex. */
export const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** SHA-256 over both files; with it a client can tell whether two answers came from the same predictor. */
export const bundleHash = (bundle: PredictorBundle): string =>
  createHash('sha256').update(bundle.onnx).update(bundle.json).digest('hex');

/** Kernels that a pass prices at once: keeps its memory at a few MiB. */
const kernelsPerPass = 4096;

/** @throws DomainError `invalid-predictor` when the files are damaged, of another format, or made for features or
 * classes of kernels that differ from this code's. */
export async function loadPredictor(bundle: PredictorBundle): Promise<Predictor> {
  const parameters = parseParameters(bundle.json);
  const found = sha256(bundle.onnx);
  if (found !== parameters.network.sha256) {
    throw new DomainError(
      'invalid-predictor',
      `predictor.onnx (${bundle.onnx.length} bytes, SHA-256 ${found}) is damaged or of another predictor: predictor.json names ${parameters.network.sha256}`,
    );
  }
  const session = await createSession(bundle.onnx);
  const hash = bundleHash(bundle);
  const pricesOf = async (kernels: readonly Kernel[], batch = 1): Promise<PriceTable> => {
    const count = kernels.length;
    const lnMean = Array.from({ length: netCount }, () => new Float32Array(count));
    const psi = Array.from({ length: netCount }, () => new Float32Array(count * P));
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
        psi[net]!.set(outputs[`psi${net}`]!.data as Float32Array, start * P);
      }
    }
    return { count, lnMean, psi };
  };
  const counts = networkCounts(parameters.lowerings);
  const books = priceBooks(pricesOf);
  return {
    identity: { version: hash.slice(0, 16), hash },
    parameters,
    forward: (sets, heads) => forwardOfSets(counts, books, sets, parameters.logPriors.length, heads),
    moments: keptMoments(counts, books, parameters.lowerings),
    prices: pricesOf,
    close: () => session.release(),
  };
}
