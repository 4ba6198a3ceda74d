// A whole service's data in a Map: real predictors from very short fits on simulated devices, published and adapted by
// the use cases themselves. The predictions are poor and real.

import { targetOfColumn } from '#cli/import/table-profiles.ts';
import type { TargetData } from '#core/dataset/target-data.ts';
import { loadPredictor, type Predictor, type PredictorBundle } from '#core/predictor/bundle.ts';
import { fit as train } from '#core/predictor/fitting/fit-predictor.ts';
import { seededRandom } from '#core/random.ts';
import { searchSpace } from '#core/search-space/registry.ts';
import type { Store } from '#core/store/store.ts';
import { writeJson } from '#core/store/stored-json.ts';
import { measurementsKey } from '#core/targets/keys.ts';
import { importAgent, refreshTarget } from '#core/targets/refresh-target.ts';
import { adaptTarget, promote, publishPredictor } from '../../fixtures/served-predictor.ts';

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

/** Each with one profile of an import, as ingest leaves it before there is a predictor. */
export async function registerTiny(store: Store): Promise<void> {
  for (const targetId of tinyTargets) {
    const known = measured(targetId).map(({ architecture, latencyMs }) => ({
      text: space.format(architecture),
      latencyMs,
    }));
    const rows = known.toSorted((a, b) => (a.text < b.text ? -1 : 1));
    const profile = { sha256: '0'.repeat(64), deviceId: 'table', acceptedAt: '1970-01-01T00:00:00.000Z' };
    const data: TargetData = {
      formatVersion: 1,
      targetId,
      target: targetOfColumn(targetId, space.id),
      profiles: [{ ...profile, agentVersion: `${importAgent} 1`, startedAt: null, excluded: {} }],
      architectures: rows.map(({ text }) => text),
      values: rows.map(({ latencyMs }, row) => [row, 0, latencyMs]),
      descriptor: null,
    };
    await writeJson(store, measurementsKey(space.id, targetId), data);
    await refreshTarget(store, data, [], { now: 0 });
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
