// A whole service's data in a Map: real predictors from very short fits on made-up devices, published and adapted by
// the use cases themselves. The predictions are poor and real.

import { targetOfColumn } from '#cli/import/table-profiles.ts';
import type { TargetData } from '#core/dataset/target-data.ts';
import { loadPredictor, type PredictorBundle } from '#core/predictor/bundle.ts';
import { fitKernelPredictor } from '#core/predictor/fitting/fit-predictor.ts';
import { networkCounts } from '#core/predictor/kernels/count-cache.ts';
import type { Measured, Predictor } from '#core/predictor/types.ts';
import { seededRandom } from '#core/random.ts';
import { searchSpace } from '#core/search-space/registry.ts';
import { workloadOf } from '#core/search-space/workload.ts';
import type { Store } from '#core/store/store.ts';
import { writeJson } from '#core/store/stored-json.ts';
import { measurementsKey } from '#core/targets/keys.ts';
import { importAgent, refreshTarget } from '#core/targets/refresh-target.ts';
import { adaptTarget, promote, publishPredictor } from '../../fixtures/served-predictor.ts';

export const space = searchSpace('nasbench201');
export const workload = workloadOf({ searchSpace: 'nasbench201' });
export const tinyTargets = ['phone_1', 'phone_32', 'server'] as const;

const lowerings = ['eager', 'fused'] as const;
const random = seededRandom(11);
export const architectures = Array.from({ length: 80 }, () => space.sample(random));
export const texts = architectures.map((architecture) => space.format(architecture));
const latencies = new Map(tinyTargets.map((id, target) => [id, architectures.map((a) => madeUpMs(a, target))]));

/** A constant and a price for each operation, others on each target. */
function madeUpMs(architecture: Uint8Array, target: number): number {
  const prices = [0, 0.1, 1 + target, 4 - target, 0.5];
  return 5 * architecture.reduce((sum, choice) => sum + prices[choice]!, 2);
}

export const measured = (target: (typeof tinyTargets)[number], count = 20): Measured[] =>
  architectures
    .slice(0, count)
    .map((architecture, i) => ({ workload, architecture, latencyMs: latencies.get(target)![i]! }));

export async function trainTiny(seed: number): Promise<{ bundle: PredictorBundle; predictor: Predictor }> {
  const { table, rows } = networkCounts(lowerings).count({ workload, architectures });
  const targets = tinyTargets.map((id) => ({ id, batch: 1, latencyMs: Float64Array.from(latencies.get(id)!) }));
  const group = { id: 'nasbench201/32', weight: 1, networks: rows, families: texts.map(() => 'nasbench201'), targets };
  const data = { lowerings, kernels: table.kernels, groups: [group] };
  const bundle = await fitKernelPredictor({ data, seed, steps: 3 });
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
      formatVersion: 2,
      targetId,
      target: targetOfColumn(targetId),
      profiles: [{ ...profile, agentVersion: `${importAgent} 2`, startedAt: null, excluded: {} }],
      workloads: [workload],
      architectures: rows.map(({ text }) => text),
      values: rows.map(({ latencyMs }, row) => [0, row, 0, latencyMs]),
      descriptor: null,
    };
    await writeJson(store, measurementsKey(targetId), data);
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
  await promote(store, predictor.identity.version);
}
