// One target's session as one profile, and how well the networks at its start agree with the same ones at its end: the
// noise floor below which no prediction of this target can be judged. Pure.
import type { ModelMeasurement, Profile, ProfileMeasurement } from '#core/dataset/profile.ts';
import { targetId } from '#core/dataset/target-id.ts';
import { DomainError } from '#core/errors.ts';
import { graphHash } from '#core/graph/graph-hash.ts';
import { type Workload, workloadKey } from '#core/search-space/workload.ts';
import { median } from '#core/statistics/quantile.ts';

export interface Session {
  /** The rounds: the descriptor, and each network once. */
  readonly profile: Profile;
  readonly start: Profile | undefined;
  readonly end: Profile | undefined;
}

/** @param parts by the names of session-parts.ts
 * @returns undefined without any round
 * @throws DomainError `invalid-usage` where parts are of different targets */
export function sessionOf(target: string, parts: ReadonlyMap<string, Profile>): Session | undefined {
  const inTime = [...parts.values()].sort((a, b) => startOf(a) - startOf(b));
  const ids = new Set(inTime.map((profile) => targetId(profile.target)));
  if (ids.size > 1) {
    const found = [...ids].join(', ');
    throw new DomainError('invalid-usage', `${target}: its parts are of ${ids.size} targets, ${found}`);
  }
  const [start, end] = [parts.get('start'), parts.get('end')];
  const rounds = inTime.filter((profile) => profile !== start && profile !== end);
  return rounds.length === 0 ? undefined : { profile: joined(rounds), start, end };
}

const startOf = ({ context }: Profile): number => Date.parse(context.clock.startedAt ?? '');

/** @param profiles in order of time, at least one */
function joined(profiles: readonly Profile[]): Profile {
  const [first, last] = [profiles[0]!, profiles.at(-1)!];
  const workloads = new Map<string, { readonly at: number; readonly workload: Workload }>();
  const measurements = new Map<string, ProfileMeasurement>();
  const models = new Map<string, ModelMeasurement>();
  for (const profile of profiles) {
    for (const measurement of profile.measurements) {
      const workload = profile.workloads[measurement.workload]!;
      const key = workloadKey(workload);
      if (!workloads.has(key)) workloads.set(key, { at: workloads.size, workload });
      const network = networkKey(profile, measurement);
      if (!measurements.has(network)) measurements.set(network, { ...measurement, workload: workloads.get(key)!.at });
    }
    for (const model of profile.models ?? []) {
      const id = graphHash(model.graph);
      if (!models.has(id)) models.set(id, model);
    }
  }
  const { clock } = last.context;
  return {
    ...first,
    context: {
      ...first.context,
      after: last.context.after,
      clock: { ...first.context.clock, endedAt: clock.endedAt },
    },
    workloads: [...workloads.values()].map(({ workload }) => workload),
    descriptor: profiles.find(({ descriptor }) => descriptor !== null)?.descriptor ?? null,
    measurements: [...measurements.values()],
    ...(models.size > 0 && { models: [...models.values()] }),
  };
}

function networkKey({ workloads }: Profile, { workload, architecture }: ProfileMeasurement): string {
  return `${workloadKey(workloads[workload]!)} ${architecture}`;
}

export interface NoiseFloor {
  /** Networks at both ends. */
  readonly count: number;
  /** Median of end / start. */
  readonly factor: number;
  /** Median and 90th percentile of |ln(end / start)|. */
  readonly median: number;
  readonly high: number;
  /** The median after the common factor is taken out. */
  readonly medianScaled: number;
}

/** Above this median of |ln(end / start)| a target's halves disagree, and it is to be measured again. */
export const mostDisagreement = 0.03;

/** @returns undefined where a network stands in only one of the two, and so no pair is left */
export function noiseFloor({ start, end }: Pick<Session, 'start' | 'end'>): NoiseFloor | undefined {
  if (start === undefined || end === undefined) return undefined;
  const before = latencies(start);
  const steps = [...latencies(end)].flatMap(([network, ms]) => {
    const earlier = before.get(network);
    return earlier === undefined ? [] : [Math.log(ms / earlier)];
  });
  if (steps.length === 0) return undefined;
  const middle = median(Float64Array.from(steps));
  const sizes = Float64Array.from(steps, Math.abs).sort();
  return {
    count: steps.length,
    factor: Math.exp(middle),
    median: median(sizes),
    high: sizes[Math.ceil(0.9 * sizes.length) - 1]!,
    medianScaled: median(Float64Array.from(steps, (step) => Math.abs(step - middle))),
  };
}

function latencies(profile: Profile): Map<string, number> {
  return new Map([
    ...profile.measurements.map((one) => [networkKey(profile, one), one.latency.medianMs] as const),
    ...(profile.models ?? []).map(({ graph, latency }) => [graphHash(graph), latency.medianMs] as const),
  ]);
}
