// Use case: adapt one target to its measurements under one predictor, and keep the adaptation where predictions find
// it.
import {
  type MergedMeasurement,
  type MergedModel,
  mergeMeasurements,
  mergeModels,
  repeatContradiction,
} from '#core/dataset/merge-measurements.ts';
import type { TargetData } from '#core/dataset/target-data.ts';
import { operatorNetworks } from '#core/descriptor/operator-networks.ts';
import type { Adaptation } from '#core/predictor/adaptation/adaptation.ts';
import { adaptChecked, type Described } from '#core/predictor/adaptation/checked-adaptation.ts';
import type { Predictor } from '#core/predictor/types.ts';
import { observeBehaviour } from '#core/predictor/whole-networks/observe-behaviour.ts';
import { searchSpace } from '#core/search-space/registry.ts';
import type { Store } from '#core/store/store.ts';
import { type UpdateOptions, updateJson } from '#core/store/stored-json.ts';
import { readGraphs } from './graphs/measured-graphs.ts';
import { adaptationIn, type KeptAdaptation, keptAdaptationSchema } from './kept-adaptation.ts';
import { adaptationKey } from './keys.ts';
import type { TargetInUse } from './target-in-use.ts';

export interface MergedTarget {
  readonly targetId: string;
  /** Empty, as models and the descriptor's operators are: all was withdrawn. */
  readonly merged: readonly MergedMeasurement[];
  readonly models: readonly MergedModel[];
  readonly described: Described;
  /** What they were merged from: profiles, and orders to withdraw or restore some. */
  readonly revision: number;
}

/** What the profiles of a target that are in use say together.
 * @param descriptor the one that counts: see `descriptorInUse` */
export const mergedTarget = ({ data, revision }: TargetInUse, descriptor: TargetData['descriptor']): MergedTarget => ({
  targetId: data.targetId,
  merged: mergeMeasurements(data),
  models: mergeModels(data),
  described: {
    runtime: data.target.runtime.name,
    operators: descriptor === null ? [] : operatorNetworks(descriptor.descriptor),
    descriptor: descriptor?.descriptor,
  },
  revision,
});

/** From merged profiles, all workloads together, unless there is an adaptation already of that revision: of writers
 * that race, the one that knew most is kept. Returns the one that is kept; undefined where all was withdrawn. */
export async function adaptMergedTarget(
  store: Store,
  predictor: Predictor,
  { targetId, merged, models, described, revision }: MergedTarget,
  options: UpdateOptions,
): Promise<Adaptation | undefined> {
  const { version } = predictor.identity;
  let made: KeptAdaptation | undefined;
  const make = async (): Promise<KeptAdaptation> => {
    if (merged.length + models.length + described.operators.length === 0)
      return { withdrawn: true, dataRevision: revision };
    const measured = merged.map(({ workload, architecture, latencyMs, shares }) => ({
      workload,
      architecture: searchSpace(workload.searchSpace).parse(architecture),
      latencyMs,
      shares,
    }));
    const graphs = await readGraphs(
      store,
      models.map(({ model }) => model),
    );
    const all = [...measured, ...models.map(({ latencyMs, shares }, at) => ({ ...graphs[at]!, latencyMs, shares }))];
    const contradiction = repeatContradiction([...merged, ...models]);
    const adaptation = await adaptChecked(predictor, all, contradiction, described);
    const behaviour = await observeBehaviour(predictor, adaptation, new Set(graphs.map(({ id }) => id)), targetId);
    return { ...adaptation, dataRevision: revision, behaviour };
  };
  const kept = await updateJson(
    store,
    adaptationKey(version, targetId),
    keptAdaptationSchema,
    async (current) => {
      if ((current?.dataRevision ?? 0) >= revision) return undefined;
      made ??= await make();
      return made;
    },
    options,
  );
  return adaptationIn(kept!);
}
