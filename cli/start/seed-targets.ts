// The targets of the shipped tables, known before their tables are imported: their records and adaptations come ready
// with the shipped predictor (data/predictor/targets.json.gz). The import then puts the measurements behind them
// through the front door, and with the last profile of a target its adaptation and record are made anew from all of
// them.

import type { LatencyTable } from '#core/dataset/table.ts';
import { sortedWorkloads } from '#core/dataset/target-data.ts';
import { targetId } from '#core/dataset/target-id.ts';
import { DomainError } from '#core/errors.ts';
import type { Adaptation } from '#core/predictor/adaptation/adaptation.ts';
import { expandedAdaptation } from '#core/predictor/adaptation/compact-adaptation.ts';
import { bundleHash } from '#core/predictor/bundle.ts';
import { readAliases } from '#core/predictors/aliases.ts';
import { type Workload, workloadKey } from '#core/search-space/workload.ts';
import { putJsonIfAbsent } from '#core/store/put-if-absent.ts';
import type { Store } from '#core/store/store.ts';
import { adaptationKey, targetKey } from '#core/targets/keys.ts';
import type { TargetRecord } from '#core/targets/target-record.ts';
import { targetTitle } from '#core/targets/target-title.ts';
import { readingOf, targetOfColumn, workloadOfColumn } from '../import/table-profiles.ts';
import { shippedIdOf } from '../shipped-targets/space-targets.ts';
import { readTargets, type ShippedTarget } from '../shipped-targets/targets-file.ts';
import { readShippedPredictor } from './read-shipped-predictor.ts';

/** A device of the tables, with what its columns hold. */
interface MeasuredDevice {
  readonly device: string;
  /** One a column. */
  readonly columns: readonly { readonly workload: Workload; readonly measurements: number }[];
}

/** Leaves alone what is there.
 * @param now ms since the epoch
 * @returns whether predictions of all the tables' targets answer now; false where another predictor than the shipped
 * one is champion, or the shipped adaptations are not of it */
export async function seedTargets(store: Store, tables: readonly LatencyTable[], now: number): Promise<boolean> {
  const { version, bundle } = await readShippedPredictor();
  const hash = bundleHash(bundle);
  if ((await readAliases(store))?.value.champion !== version) return false;
  const shipped = shippedById(hash);
  const devices = devicesOf(tables);
  if (!devices.every(({ device }) => shipped.has(shippedIdOf(device)))) return false;
  for (const each of devices) {
    const { adaptation: compact } = shipped.get(shippedIdOf(each.device))!;
    const target = targetOfColumn(each.device);
    const adaptation = ofAllButTheLast(expandedAdaptation(compact, hash), each.columns.length);
    await putJsonIfAbsent(store, adaptationKey(version, targetId(target)), adaptation);
    await putJsonIfAbsent(store, targetKey(targetId(target)), recordOf(each, adaptation, new Date(now).toISOString()));
  }
  return true;
}

function shippedById(hash: string): ReadonlyMap<string, ShippedTarget> {
  try {
    return new Map(readTargets(hash).map((target) => [target.id, target]));
  } catch (error) {
    // Made for another predictor: whoever trains one need not have adapted it yet.
    if (error instanceof DomainError && error.code === 'invalid-targets') return new Map();
    throw error;
  }
}

/** The order in which profiles come in is their number: only the last one's is made of more. */
const ofAllButTheLast = (adaptation: Adaptation, profiles: number): Adaptation =>
  profiles > 1 ? { ...adaptation, dataRevision: profiles - 1 } : adaptation;

function devicesOf(tables: readonly LatencyTable[]): MeasuredDevice[] {
  const columns = tables.flatMap((table) =>
    table.targets.map((column) => {
      const { device, batchSize } = readingOf(column);
      const measurements = column.latencyMs.reduce((sum, ms) => sum + (Number.isNaN(ms) ? 0 : 1), 0);
      return { device, workload: workloadOfColumn(table.searchSpace, batchSize), measurements };
    }),
  );
  return Array.from(
    Map.groupBy(columns, ({ device }) => device),
    ([device, own]) => ({ device, columns: own }),
  );
}

/** As the front door makes it of all columns, but for the devices that bring them, which are not enrolled yet. */
function recordOf({ device, columns }: MeasuredDevice, { selfCheck }: Adaptation, time: string): TargetRecord {
  const target = targetOfColumn(device);
  const counts = Map.groupBy(columns, ({ workload }) => workloadKey(workload));
  const countOf = (own: readonly { readonly measurements: number }[]): number =>
    own.reduce((sum, { measurements }) => sum + measurements, 0);
  const workloads = sortedWorkloads(Array.from(counts.values(), ([first]) => first!.workload));
  const contradiction = selfCheck?.contradiction ?? null;
  const explained = selfCheck?.leftOut?.explained;
  return {
    targetId: targetId(target),
    title: targetTitle(target),
    source: 'table',
    measurements: countOf(columns),
    workloads: workloads.map((workload) => ({
      ...workload,
      measurements: countOf(counts.get(workloadKey(workload))!),
    })),
    excluded: {},
    quality: contradiction === null ? 'good' : 'contradictory',
    ...(contradiction !== null && { qualityReason: contradiction }),
    target,
    profiles: columns.length,
    devices: [],
    descriptor: null,
    ...(explained !== undefined && { explained }),
    createdAt: time,
    updatedAt: time,
  };
}
