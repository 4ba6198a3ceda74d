// What the shipped predictor learns of counters: from the fleet's targets, which have descriptors and measurements.
import { readFleet } from '#cli/evaluate/evaluate-descriptor.ts';
import { loadPredictor, type PredictorBundle } from '#core/predictor/bundle.ts';
import { weightsOf } from '#core/predictor/evaluation/described-targets.ts';
import { learnCounterMap } from '#core/predictor/operators/counter-prior.ts';
import { encodeParameters } from '#core/predictor/predictor-parameters.ts';
import { leftOutOfFleet } from './shipped-pool.ts';

/** The same bundle where counters tell nothing of runtimes left out. */
export async function withCounterMap(bundle: PredictorBundle): Promise<PredictorBundle> {
  const predictor = await loadPredictor(bundle);
  try {
    const fleet = (await readFleet(predictor)).filter(({ id }) => !leftOutOfFleet.includes(id));
    const { map } = learnCounterMap(fleet.map((target) => ({ ...target, weights: weightsOf(predictor, target) })));
    if (map === undefined) return bundle;
    return { ...bundle, json: encodeParameters({ ...predictor.parameters, counters: map }) };
  } finally {
    await predictor.close();
  }
}
