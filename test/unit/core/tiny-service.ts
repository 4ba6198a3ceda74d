// A whole service's data in a Map: real predictors from very short fits on simulated devices, published and adapted by
// the use cases themselves. The predictions are poor and real.

import { adaptTarget, promote, publishPredictor } from '#cli/bench/served-predictor.ts';
import { loadPredictor, type Predictor, type PredictorBundle } from '#core/predictor/bundle.ts';
import { fit as train } from '#core/predictor/fitting/fit-predictor.ts';
import { seededRandom } from '#core/random.ts';
import { searchSpace } from '#core/search-space/registry.ts';
import type { Store } from '#core/store/store.ts';
import { writeJson } from '#core/store/stored-json.ts';
import { targetKey } from '#core/targets/keys.ts';
import { targetRecordSchema } from '#core/targets/target-record.ts';

export const space = searchSpace('nasbench201');
export const tinyTargets = ['phone_1', 'phone_32', 'server'] as const;

const random = seededRandom(11);
export const architectures = Array.from({ length: 80 }, () => space.sample(random));
export const texts = architectures.map((architecture) => space.format(architecture));
const indices = Int32Array.from(architectures.keys());
const simulator = space.simulator(architectures);
const latencies = new Map(tinyTargets.map((id) => [id, simulator.draw(random, indices)]));

export const measured = (target: (typeof tinyTargets)[number], count = 20) =>
  architectures.slice(0, count).map((architecture, i) => ({ architecture, latencyMs: 5 * latencies.get(target)![i]! }));

export async function trainTiny(seed: number): Promise<{ bundle: PredictorBundle; predictor: Predictor }> {
  const targets = tinyTargets.map((id) => ({ id, latencyMs: latencies.get(id)! }));
  const bundle = await train({ space, architectures, targets, seed, steps: 4, stepsPerCall: 4 });
  return { bundle, predictor: await loadPredictor(bundle) };
}

export type Trained = Awaited<ReturnType<typeof trainTiny>>;

export async function registerTiny(store: Store): Promise<void> {
  for (const targetId of tinyTargets) {
    const facts = { searchSpace: space.id, targetId, title: targetId, source: 'table', measurements: 20 } as const;
    const time = new Date(0).toISOString();
    const record = { ...facts, excluded: {}, quality: 'good', createdAt: time, updatedAt: time };
    await writeJson(store, targetKey(space.id, targetId), targetRecordSchema.parse(record));
  }
}

/** Published, adapted for `targets`, and champion. */
export async function deployTiny(
  store: Store,
  { bundle, predictor }: Trained,
  targets: readonly (typeof tinyTargets)[number][] = tinyTargets,
): Promise<void> {
  await publishPredictor(store, bundle, predictor);
  for (const target of targets) await adaptTarget(store, predictor, target, measured(target));
  await promote(store, space.id, predictor.identity.version);
}
