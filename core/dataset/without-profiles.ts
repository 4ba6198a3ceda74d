// A target's data as if some of its profiles had never been sent.
import { movedShares } from './kernel-times/target-shares.ts';
import type { TargetData } from './target-data.ts';

/** What is left without the profiles of these hashes: their values, and workloads, architectures and models that nobody
 * else measured, are gone. A descriptor of one of them is null; another profile's is not among the data. */
export function withoutProfiles(data: TargetData, hashes: ReadonlySet<string>): TargetData {
  if (hashes.size === 0) return data;
  const profiles = data.profiles.filter(({ sha256 }) => !hashes.has(sha256));
  const place = new Map(profiles.map(({ sha256 }, at) => [sha256, at]));
  const left = data.values.flatMap(([workload, architecture, profile, medianMs]) => {
    const at = place.get(data.profiles[profile]!.sha256);
    return at === undefined ? [] : [[workload, architecture, at, medianMs] as const];
  });
  const workloads = renumbered(left.map(([workload]) => workload));
  const architectures = renumbered(left.map(([, architecture]) => architecture));
  const { models: _, modelValues: __, shares: ___, modelShares: ____, ...common } = data;
  const kept = modelsLeft(data, place);
  return {
    ...common,
    profiles,
    workloads: [...workloads.keys()].map((at) => data.workloads[at]!),
    architectures: [...architectures.keys()].map((at) => data.architectures[at]!),
    // Their order stays: numbers that are left out close up.
    values: left.map(([workload, architecture, profile, medianMs]) => [
      workloads.get(workload)!,
      architectures.get(architecture)!,
      profile,
      medianMs,
    ]),
    ...kept,
    ...movedShares([
      [
        data,
        {
          workload: (at) => workloads.get(at),
          architecture: (at) => architectures.get(at),
          profile: (at) => place.get(data.profiles[at]!.sha256),
          model: (at) => placeIn(kept.models, data.models![at]!),
        },
      ],
    ]),
    descriptor: data.descriptor !== null && hashes.has(data.descriptor.sha256) ? null : data.descriptor,
  };
}

function placeIn(models: readonly string[] | undefined, model: string): number | undefined {
  const at = models?.indexOf(model) ?? -1;
  return at < 0 ? undefined : at;
}

/** @param place where each profile that is left now stands, by hash */
function modelsLeft(
  { profiles, models = [], modelValues = [] }: TargetData,
  place: ReadonlyMap<string, number>,
): Pick<TargetData, 'models' | 'modelValues'> {
  const left = modelValues.flatMap(([model, profile, medianMs]) => {
    const at = place.get(profiles[profile]!.sha256);
    return at === undefined ? [] : [[model, at, medianMs] as const];
  });
  if (left.length === 0) return {};
  const kept = renumbered(left.map(([model]) => model));
  return {
    models: [...kept.keys()].map((at) => models[at]!),
    modelValues: left.map(([model, profile, medianMs]) => [kept.get(model)!, profile, medianMs]),
  };
}

/** The numbers that are there, ascending, each with its place among them. */
function renumbered(numbers: readonly number[]): Map<number, number> {
  const sorted = [...new Set(numbers)].sort((a, b) => a - b);
  return new Map(sorted.map((number, at) => [number, at]));
}
