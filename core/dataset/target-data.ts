// Everything measured on one target: what its accepted profiles said, by profile, so that nothing is lost by merging;
// of whatever search spaces, input sizes and batch sizes. A join of profiles that does not depend on their order or on
// repeats: the same set of profiles gives the same data.
import * as z from 'zod';
import { descriptorSchema } from '#core/descriptor/descriptor.ts';
import { type Workload, workloadKey, workloadSchema } from '#core/search-space/workload.ts';
import { movedShares, type NewPlaces, targetSharesShape } from './kernel-times/target-shares.ts';
import { profileTargetSchema } from './profile-target.ts';

const index = z.int().nonnegative();
const hex256 = z.string().regex(/^[0-9a-f]{64}$/);

export const targetDataSchema = z.strictObject({
  formatVersion: z.literal(2),
  targetId: z.string(),
  target: profileTargetSchema,
  /** By SHA-256 of the uploaded bytes, ascending. */
  profiles: z.array(
    z.strictObject({
      sha256: hex256,
      deviceId: z.string(),
      /** When the profile was first accepted, UTC. */
      acceptedAt: z.iso.datetime(),
      /** When its upload was announced, UTC. Left out of what was accepted before that was noted. */
      registeredAt: z.iso.datetime().optional(),
      agentVersion: z.string(),
      /** By the device's clock; null also where that ran ahead. */
      startedAt: z.iso.datetime().nullable(),
      excluded: z.record(z.string(), z.int().positive()),
    }),
  ),
  /** What was run; ascending in code units of their keys. */
  workloads: z.array(workloadSchema),
  /** Canonical texts, of all workloads together; ascending in code units. */
  architectures: z.array(z.string()),
  /** `[workload, architecture, profile, medianMs]`, the first three as indices; ascending. */
  values: z.array(z.tuple([index, index, index, z.number().positive()])),
  /** Hashes of the operator graphs that were measured beside architectures; ascending. Left out: none. */
  models: z.array(hex256).min(1).exactOptional(),
  /** `[model, profile, medianMs]`, the first two as indices; ascending. Left out: none. */
  modelValues: z
    .array(z.tuple([index, index, z.number().positive()]))
    .min(1)
    .exactOptional(),
  ...targetSharesShape,
  /** From the profile that was started last among those that have one. */
  descriptor: z.strictObject({ sha256: hex256, descriptor: descriptorSchema }).nullable(),
});

export type TargetData = z.infer<typeof targetDataSchema>;

/** Values that one target may hold: years of daily profiles, or four times the largest shipped table at three batch
 * sizes. */
export const maxValues = 200_000;

/** Among these, values of one device: nobody fills a target that others measure too. More than three times what any
 * search space that is enumerated has architectures. */
export const maxValuesOfDevice = 50_000;

/** Different workloads that one target may hold: each is lowered by itself. */
export const maxWorkloads = 64;

/** Different operator graphs that one target may hold: each is read and lowered when it is adapted. */
export const maxModels = 256;

/** Whether a target has more values than one target, or one device of it, may have. */
export const isFull = (data: TargetData): boolean => {
  const { values, workloads, models = [], modelValues = [] } = data;
  if (values.length + modelValues.length > maxValues) return true;
  if (workloads.length > maxWorkloads || models.length > maxModels) return true;
  const ofDevice = new Map<string, number>();
  const count = (profile: number): void => {
    const { deviceId } = data.profiles[profile]!;
    ofDevice.set(deviceId, (ofDevice.get(deviceId) ?? 0) + 1);
  };
  for (const [, , profile] of values) count(profile);
  for (const [, profile] of modelValues) count(profile);
  return [...ofDevice.values()].some((count) => count > maxValuesOfDevice);
};

/** Whether the profile with this hash is among those joined. */
export const hasProfile = (data: TargetData, sha256: string): boolean =>
  data.profiles.some((profile) => profile.sha256 === sha256);

/** Both together; a profile that both hold counts once, as first accepted. Associative, commutative, idempotent. The
 * caller has made sure that both are of one target. */
export function joinTargetData(a: TargetData, b: TargetData): TargetData {
  const byHash = new Map<string, TargetData['profiles'][number]>();
  for (const profile of [...a.profiles, ...b.profiles]) {
    const known = byHash.get(profile.sha256);
    if (known === undefined || firstAccepted(profile, known)) byHash.set(profile.sha256, profile);
  }
  const hashes = [...byHash.keys()].sort();
  const profileIndex = indexOf(hashes);
  const byKey = new Map([...a.workloads, ...b.workloads].map((workload) => [workloadKey(workload), workload]));
  const workloadKeys = [...byKey.keys()].sort();
  const workloadIndex = indexOf(workloadKeys);
  const architectures = [...new Set([...a.architectures, ...b.architectures])].sort();
  const architectureIndex = indexOf(architectures);
  const values = new Map<number, TargetData['values'][number]>();
  for (const part of [a, b]) {
    for (const [workload, architecture, profile, medianMs] of part.values) {
      const run = workloadIndex.get(workloadKey(part.workloads[workload]!))!;
      const row = architectureIndex.get(part.architectures[architecture]!)!;
      const column = profileIndex.get(part.profiles[profile]!.sha256)!;
      values.set((run * architectures.length + row) * hashes.length + column, [run, row, column, medianMs]);
    }
  }
  const models = [...new Set([...(a.models ?? []), ...(b.models ?? [])])].sort();
  const modelIndex = indexOf(models);
  const placesOf = (part: TargetData): NewPlaces => ({
    workload: (at) => workloadIndex.get(workloadKey(part.workloads[at]!)),
    architecture: (at) => architectureIndex.get(part.architectures[at]!),
    profile: (at) => profileIndex.get(part.profiles[at]!.sha256),
    model: (at) => modelIndex.get(part.models![at]!),
  });
  const { shares: _, modelShares: __, ...common } = a;
  return {
    ...common,
    ...movedShares([a, b].map((part) => [part, placesOf(part)] as const)),
    profiles: hashes.map((sha256) => byHash.get(sha256)!),
    workloads: workloadKeys.map((key) => byKey.get(key)!),
    architectures,
    values: [...values].sort(([x], [y]) => x - y).map(([, value]) => value),
    ...joinModels(a, b, profileIndex, models),
    descriptor: laterDescriptor(a, b),
  };
}

/** @param profileIndex where each profile of both is among the joined ones
 * @param models of both, ascending */
function joinModels(
  a: TargetData,
  b: TargetData,
  profileIndex: ReadonlyMap<string, number>,
  models: string[],
): Pick<TargetData, 'models' | 'modelValues'> {
  if (models.length === 0) return {};
  const modelIndex = indexOf(models);
  const values = new Map<number, NonNullable<TargetData['modelValues']>[number]>();
  for (const part of [a, b]) {
    for (const [model, profile, medianMs] of part.modelValues ?? []) {
      const row = modelIndex.get(part.models![model]!)!;
      const column = profileIndex.get(part.profiles[profile]!.sha256)!;
      values.set(row * profileIndex.size + column, [row, column, medianMs]);
    }
  }
  return { models, modelValues: [...values].sort(([x], [y]) => x - y).map(([, value]) => value) };
}

const indexOf = (sorted: readonly string[]): ReadonlyMap<string, number> =>
  new Map(sorted.map((text, at) => [text, at]));

/** What was run, in the order in which targets hold it. */
export const sortedWorkloads = (workloads: readonly Workload[]): Workload[] =>
  workloads.toSorted((a, b) => (workloadKey(a) < workloadKey(b) ? -1 : 1));

type ProfileEntry = TargetData['profiles'][number];

/** The earlier one, and by device where two devices sent the same bytes in the same millisecond. */
function firstAccepted(profile: ProfileEntry, known: ProfileEntry): boolean {
  if (profile.acceptedAt !== known.acceptedAt) return profile.acceptedAt < known.acceptedAt;
  return profile.deviceId < known.deviceId;
}

function laterDescriptor(a: TargetData, b: TargetData): TargetData['descriptor'] {
  if (a.descriptor === null || b.descriptor === null) return a.descriptor ?? b.descriptor;
  const order = (data: TargetData): string => {
    const { sha256 } = data.descriptor!;
    return `${data.profiles.find((profile) => profile.sha256 === sha256)?.startedAt ?? ''} ${sha256}`;
  };
  return order(a) >= order(b) ? a.descriptor : b.descriptor;
}
