// Use case: bring adaptations and the record of a target up to date with its measurements.
import { type MergedMeasurement, repeatContradiction } from '#core/dataset/merge-measurements.ts';
import type { TargetData } from '#core/dataset/target-data.ts';
import { descriptorOperators } from '#core/descriptor/descriptor-operators.ts';
import type { Adaptation } from '#core/predictor/adaptation/adaptation.ts';
import type { Predictor } from '#core/predictor/types.ts';
import { type Workload, workloadKey } from '#core/search-space/workload.ts';
import type { Store } from '#core/store/store.ts';
import { type UpdateOptions, updateJson } from '#core/store/stored-json.ts';
import { adaptMergedTarget, type MergedTarget, mergedTarget } from './adapt-target.ts';
import { targetKey } from './keys.ts';
import { descriptorInUse, inUseOf, type TargetInUse } from './target-in-use.ts';
import { namedDevices, type TargetRecord, targetRecordSchema } from './target-record.ts';
import { targetTitle } from './target-title.ts';
import { readOrders } from './withdrawal-orders.ts';

/** Profiles of this program are tables, not measurements of a device in the field. */
export const importAgent = 'sugarbush-import';

export interface RefreshOptions extends UpdateOptions {
  /** ms since the epoch. */
  readonly now: number;
}

/** From all measurements but for those that operators withdrew, under each of `predictors`, the champion first; the
 * record is made from the champion's adaptation, or without one.
 * @param all as it was read or written before this is called */
export async function refreshTarget(
  store: Store,
  all: TargetData,
  predictors: readonly Predictor[],
  options: RefreshOptions,
): Promise<TargetRecord> {
  const inUse = inUseOf(all, await readOrders(store));
  const descriptor = await descriptorInUse(store, all, inUse);
  const target = mergedTarget(inUse, descriptor);
  const adaptations: (Adaptation | undefined)[] = [];
  for (const predictor of predictors) adaptations.push(await adaptMergedTarget(store, predictor, target, options));
  const counted = { ...inUse, data: { ...inUse.data, descriptor } };
  return updateRecord(store, factsOf(all, counted, target, adaptations[0]), options);
}

type Facts = Omit<TargetRecord, 'createdAt' | 'updatedAt'> & { readonly profiles: number };

function factsOf(
  all: TargetData,
  { data, withdrawn, orders }: TargetInUse,
  { merged, models }: MergedTarget,
  adaptation: Adaptation | undefined,
): Facts {
  const byAcceptance = all.profiles.toSorted((a, b) => (a.acceptedAt < b.acceptedAt ? -1 : 1));
  const devices = [...new Set(byAcceptance.map(({ deviceId }) => deviceId))];
  const excluded: Record<string, number> = {};
  for (const profile of data.profiles) {
    for (const [code, count] of Object.entries(profile.excluded)) excluded[code] = (excluded[code] ?? 0) + count;
  }
  const contradiction = adaptation?.selfCheck?.contradiction ?? repeatContradiction([...merged, ...models]);
  const explained = adaptation?.selfCheck?.leftOut?.explained;
  return {
    targetId: data.targetId,
    title: targetTitle(data.target),
    source: (data.profiles.length > 0 ? data : all).profiles.every(({ agentVersion }) =>
      agentVersion.startsWith(importAgent),
    )
      ? 'table'
      : 'device',
    measurements: merged.length + models.length,
    workloads: countWorkloads(data.workloads, merged),
    ...(models.length > 0 && { models: models.length }),
    excluded,
    quality: contradiction === null ? 'good' : 'contradictory',
    ...(contradiction !== null && { qualityReason: contradiction }),
    target: data.target,
    profiles: all.profiles.length,
    ...(orders > 0 && { withdrawn: { profiles: withdrawn.size, orders } }),
    devices: devices.slice(0, namedDevices),
    descriptor: descriptorSummary(data),
    ...(explained !== undefined && { explained }),
  };
}

function countWorkloads(
  workloads: readonly Workload[],
  merged: readonly MergedMeasurement[],
): TargetRecord['workloads'] {
  const counts = new Map<string, number>();
  for (const { workload } of merged) counts.set(workloadKey(workload), (counts.get(workloadKey(workload)) ?? 0) + 1);
  return workloads.map((workload) => ({ ...workload, measurements: counts.get(workloadKey(workload)) ?? 0 }));
}

function descriptorSummary({ descriptor }: TargetData): TargetRecord['descriptor'] {
  if (descriptor === null) return null;
  const { list, inputSize, batchSize } = descriptor.descriptor;
  const operators = Object.values(descriptor.descriptor.operators);
  const counters = Object.keys(descriptor.descriptor.counters) as (keyof typeof descriptor.descriptor.counters)[];
  return {
    list,
    inputSize,
    batchSize,
    operatorsMeasured: operators.filter(({ latency }) => typeof latency !== 'string').length,
    operators: descriptorOperators[list].length,
    counters: counters.filter((name) => operators.some((operator) => typeof operator.counters[name] === 'number')),
  };
}

/** Profiles, and orders about them. */
const revisionOf = (record: Pick<TargetRecord, 'profiles' | 'withdrawn'> | undefined): number =>
  (record?.profiles ?? 0) + (record?.withdrawn?.orders ?? 0);

/** Records replace each other in the order of what they were made from; with as much the later one, unless it says the
 * same. */
async function updateRecord(store: Store, facts: Facts, options: RefreshOptions): Promise<TargetRecord> {
  const time = new Date(options.now).toISOString();
  const updated = await updateJson(
    store,
    targetKey(facts.targetId),
    targetRecordSchema,
    (current) => {
      if (revisionOf(current) > revisionOf(facts)) return undefined;
      const next = { ...facts, createdAt: current?.createdAt ?? time, updatedAt: current?.updatedAt ?? time };
      const same = current !== undefined && JSON.stringify(targetRecordSchema.parse(next)) === JSON.stringify(current);
      return same ? undefined : { ...next, updatedAt: time };
    },
    options,
  );
  return updated!;
}
