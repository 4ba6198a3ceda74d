// What one accepted profile says of its target, in the form that everything measured on the target is kept in.
import { kernelShares } from '#core/dataset/kernel-times/kernel-shares.ts';
import { movedShares, type TargetShares } from '#core/dataset/kernel-times/target-shares.ts';
import { sortedWorkloads, type TargetData } from '#core/dataset/target-data.ts';
import type { AcceptedProfile } from './acceptance.ts';

export interface ProfileSource {
  /** SHA-256 of the uploaded bytes, lower-case hex. */
  readonly sha256: string;
  readonly deviceId: string;
  /** UTC. */
  readonly acceptedAt: string;
  /** When its upload was announced, UTC. */
  readonly registeredAt: string;
}

/** What one accepted profile says of its target, ready to be joined with what others said. */
export function targetDataOf(profile: AcceptedProfile, source: ProfileSource): TargetData {
  const excluded: Record<string, number> = {};
  for (const { code } of profile.excluded) excluded[code] = (excluded[code] ?? 0) + 1;
  const measured = new Set(profile.measurements.map(({ workload }) => workload));
  // What was announced and then not measured, or not accepted, was not run.
  const workloads = sortedWorkloads(profile.workloads.filter((_, at) => measured.has(at)));
  const workloadIndex = profile.workloads.map((workload) => workloads.indexOf(workload));
  const architectures = [...new Set(profile.measurements.map(({ architecture }) => architecture))].sort();
  const architectureIndex = new Map(architectures.map((text, at) => [text, at]));
  const values = profile.measurements.map(({ workload, architecture, latency }): TargetData['values'][number] => [
    workloadIndex[workload]!,
    architectureIndex.get(architecture)!,
    0,
    latency.medianMs,
  ]);
  return {
    formatVersion: 2,
    targetId: profile.targetId,
    target: profile.target,
    profiles: [
      {
        sha256: source.sha256,
        deviceId: source.deviceId,
        acceptedAt: source.acceptedAt,
        registeredAt: source.registeredAt,
        agentVersion: profile.context.agentVersion,
        startedAt: credibleStart(profile.context.clock.startedAt, source.acceptedAt),
        excluded,
      },
    ],
    workloads,
    architectures,
    values: values.toSorted(([a, x], [b, y]) => a - b || x - y),
    ...modelsOf(profile),
    ...sharesOf(profile, workloadIndex, architectureIndex),
    descriptor: profile.descriptor && { sha256: source.sha256, descriptor: profile.descriptor },
  };
}

/** @param workloadIndex where each workload of the profile stands
 * @param architectureIndex and each architecture */
function sharesOf(
  { measurements, models }: AcceptedProfile,
  workloadIndex: readonly number[],
  architectureIndex: ReadonlyMap<string, number>,
): TargetShares {
  const shares = measurements.flatMap(
    ({ workload, architecture, kernelTimes }): NonNullable<TargetShares['shares']> =>
      kernelTimes === undefined ? [] : [[workload, architectureIndex.get(architecture)!, 0, kernelShares(kernelTimes)]],
  );
  const ascending = models.toSorted((a, b) => (a.id < b.id ? -1 : 1));
  const modelShares = ascending.flatMap(
    ({ kernelTimes }, at): NonNullable<TargetShares['modelShares']> =>
      kernelTimes === undefined ? [] : [[at, 0, kernelShares(kernelTimes)]],
  );
  const same = (at: number): number => at;
  const places = { workload: (at: number) => workloadIndex[at], architecture: same, profile: same, model: same };
  return movedShares([[{ shares, modelShares }, places]]);
}

function modelsOf({ models }: AcceptedProfile): Pick<TargetData, 'models' | 'modelValues'> {
  if (models.length === 0) return {};
  const ascending = models.toSorted((a, b) => (a.id < b.id ? -1 : 1));
  return {
    models: ascending.map(({ id }) => id),
    modelValues: ascending.map(({ latency }, at) => [at, 0, latency.medianMs]),
  };
}

/** A clock may be a little fast. One that is days ahead says nothing: its profile would be the latest for years. */
const mostAheadMs = 86_400_000;

function credibleStart(startedAt: string | null, acceptedAt: string): string | null {
  if (startedAt === null) return null;
  return Date.parse(startedAt) - Date.parse(acceptedAt) > mostAheadMs ? null : startedAt;
}
