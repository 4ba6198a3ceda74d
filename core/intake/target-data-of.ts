// What one accepted profile says of its target, in the form that everything measured on the target is kept in.
import type { TargetData } from '#core/dataset/target-data.ts';
import type { AcceptedProfile } from './acceptance.ts';

export interface ProfileSource {
  /** SHA-256 of the uploaded bytes, lower-case hex. */
  readonly sha256: string;
  readonly deviceId: string;
  /** UTC. */
  readonly acceptedAt: string;
}

/** What one accepted profile says of its target, ready to be joined with what others said. */
export function targetDataOf(profile: AcceptedProfile, source: ProfileSource): TargetData {
  const excluded: Record<string, number> = {};
  for (const { code } of profile.excluded) excluded[code] = (excluded[code] ?? 0) + 1;
  const measurements = [...profile.measurements].sort((a, b) => (a.architecture < b.architecture ? -1 : 1));
  return {
    formatVersion: 1,
    targetId: profile.targetId,
    target: profile.target,
    profiles: [
      {
        sha256: source.sha256,
        deviceId: source.deviceId,
        acceptedAt: source.acceptedAt,
        agentVersion: profile.context.agentVersion,
        startedAt: credibleStart(profile.context.clock.startedAt, source.acceptedAt),
        excluded,
      },
    ],
    architectures: measurements.map(({ architecture }) => architecture),
    values: measurements.map(({ latency }, index) => [index, 0, latency.medianMs]),
    descriptor: profile.descriptor && { sha256: source.sha256, descriptor: profile.descriptor },
  };
}

/** A clock may be a little fast. One that is days ahead says nothing: its profile would be the latest for years. */
const mostAheadMs = 86_400_000;

function credibleStart(startedAt: string | null, acceptedAt: string): string | null {
  if (startedAt === null) return null;
  return Date.parse(startedAt) - Date.parse(acceptedAt) > mostAheadMs ? null : startedAt;
}
