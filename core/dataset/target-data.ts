// Everything measured on one target: what its accepted profiles said, by profile, so that nothing is lost by merging.
// A join of profiles that does not depend on their order or on repeats: the same set of profiles gives the same data.
import * as z from 'zod';
import { descriptorSchema } from '#core/descriptor/descriptor.ts';
import { profileTargetSchema } from './profile.ts';

const hex256 = z.string().regex(/^[0-9a-f]{64}$/);

export const targetDataSchema = z.strictObject({
  formatVersion: z.literal(1),
  targetId: z.string(),
  target: profileTargetSchema,
  /** By SHA-256 of the uploaded bytes, ascending. */
  profiles: z.array(
    z.strictObject({
      sha256: hex256,
      deviceId: z.string(),
      /** When the profile was first accepted, UTC. */
      acceptedAt: z.iso.datetime(),
      agentVersion: z.string(),
      /** By the device's clock; null also where that ran ahead. */
      startedAt: z.iso.datetime().nullable(),
      excluded: z.record(z.string(), z.int().positive()),
    }),
  ),
  /** Canonical texts, ascending in code units. */
  architectures: z.array(z.string()),
  /** `[architecture, profile, medianMs]`, the first two as indices; ascending. */
  values: z.array(z.tuple([z.int().nonnegative(), z.int().nonnegative(), z.number().positive()])),
  /** The descriptor of the profile that was started last among those that have one. */
  descriptor: z.strictObject({ sha256: hex256, descriptor: descriptorSchema }).nullable(),
});

export type TargetData = z.infer<typeof targetDataSchema>;

/** Values that one target may hold; years of daily profiles, or six times the largest shipped table. */
export const maxValues = 100_000;

/** How many of these may be one device's: nobody fills a target that others measure too. More than any search space
 * that is enumerated has architectures. */
export const maxValuesOfDevice = 25_000;

/** Whether a target has more values than one target, or one device of it, may have. */
export const isFull = (data: TargetData): boolean => {
  if (data.values.length > maxValues) return true;
  const ofDevice = new Map<string, number>();
  for (const [, profile] of data.values) {
    const { deviceId } = data.profiles[profile]!;
    ofDevice.set(deviceId, (ofDevice.get(deviceId) ?? 0) + 1);
  }
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
  const profileIndex = new Map(hashes.map((sha256, index) => [sha256, index]));
  const architectures = [...new Set([...a.architectures, ...b.architectures])].sort();
  const architectureIndex = new Map(architectures.map((text, index) => [text, index]));
  const values = new Map<number, [number, number, number]>();
  for (const part of [a, b]) {
    for (const [architecture, profile, medianMs] of part.values) {
      const row = architectureIndex.get(part.architectures[architecture]!)!;
      const column = profileIndex.get(part.profiles[profile]!.sha256)!;
      values.set(row * hashes.length + column, [row, column, medianMs]);
    }
  }
  return {
    ...a,
    profiles: hashes.map((sha256) => byHash.get(sha256)!),
    architectures,
    values: [...values].sort(([x], [y]) => x - y).map(([, value]) => value),
    descriptor: laterDescriptor(a, b),
  };
}

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
