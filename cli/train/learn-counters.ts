// What the shipped predictor learns of counters: from the fleet's targets, which have descriptors and measurements.
import { readFleet } from '#cli/evaluate/evaluate-descriptor.ts';
import type { PredictorBundle } from '#core/predictor/bundle.ts';
import { addCounterMap, type MeasuredCounters } from '#core/predictor/fitting/add-counter-map.ts';
import type { Predictor } from '#core/predictor/types.ts';
import { leftOutOfFleet } from './shipped-pool.ts';

/** The same bundle where counters tell nothing of runtimes left out. */
export const withCountersOfFleet = (bundle: PredictorBundle): Promise<PredictorBundle> =>
  addCounterMap(bundle, countersOfFleet);

async function* countersOfFleet(predictor: Predictor): AsyncGenerator<MeasuredCounters> {
  yield* (await readFleet(predictor)).filter(({ id }) => !leftOutOfFleet.includes(id));
}
