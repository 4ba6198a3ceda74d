// The end of a fit: what counters tell of prices (operators/counter-prior.ts), learned under the predictor itself from
// targets whose weights their measurements tell.
import type { Descriptor } from '#core/descriptor/descriptor.ts';
import { adaptTarget, allWeights } from '#core/predictor/adaptation/adaptation.ts';
import { loadPredictor, type PredictorBundle } from '#core/predictor/bundle.ts';
import { featureDimension, netCount, oneReach } from '#core/predictor/hypotheses.ts';
import { type CountedTarget, learnCounterMap } from '#core/predictor/operators/counter-prior.ts';
import { encodeParameters } from '#core/predictor/predictor-parameters.ts';
import type { Forward, Predictor } from '#core/predictor/types.ts';

/** A target with counters and what it took for networks. */
export interface MeasuredCounters {
  /** What is left out together (runtime-at-level.ts). */
  readonly runtime: string;
  readonly descriptor: Descriptor;
  readonly networks: Forward;
  /** [networks.count]. */
  readonly latencyMs: Float64Array;
}

/** The same bundle where counters tell nothing of runtimes left out.
 * @param measuredUnder the targets, each asked for when the one before is done with; what it throws ends the learning
 * @throws DomainError `invalid-predictor` as loading the bundle does */
export async function addCounterMap(
  bundle: PredictorBundle,
  measuredUnder: (predictor: Predictor) => AsyncIterable<MeasuredCounters>,
): Promise<PredictorBundle> {
  const predictor = await loadPredictor(bundle);
  try {
    const targets: CountedTarget[] = [];
    for await (const { runtime, descriptor, ...measured } of measuredUnder(predictor)) {
      targets.push({ runtime, descriptor, weights: weightsOf(predictor, measured) });
    }
    const { map } = learnCounterMap(targets);
    if (map === undefined) return bundle;
    return { ...bundle, json: encodeParameters({ ...predictor.parameters, counters: map }) };
  } finally {
    await predictor.close();
  }
}

/** w of a target by all of its networks, under each price network alone [nets][P]: the mean over its heads. */
export function weightsOf(
  { parameters, identity }: Predictor,
  { networks, latencyMs }: Pick<MeasuredCounters, 'networks' | 'latencyMs'>,
): Float64Array[] {
  const { lowerings } = parameters;
  return Array.from({ length: netCount }, (_, net) => {
    const heads = lowerings.map((__, lowering) => net * lowerings.length + lowering);
    const adaptation = adaptTarget(parameters, identity.hash, networks, latencyMs, { heads, reaches: oneReach });
    const mean = new Float64Array(featureDimension);
    for (const head of adaptation.heads)
      allWeights(head).forEach((w, p) => {
        mean[p]! += head.weight * w;
      });
    return mean;
  });
}
