// How well targets are predicted whose profiles lie in a folder, told apart by kind of network: from networks of all
// kinds, and of those of the other kinds alone.
import { profilesOf } from '#cli/read-profiles.ts';
import { operatorNetworks } from '#core/descriptor/operator-networks.ts';
import { DomainError } from '#core/errors.ts';
import { adaptCalibrated } from '#core/predictor/adaptation/calibrate.ts';
import { forwardRows } from '#core/predictor/adaptation/leave-one-out.ts';
import { predictLatencies } from '#core/predictor/adaptation/posterior-predictive.ts';
import { meanOf, type NetworkScore, scoreOf } from '#core/predictor/evaluation/evaluate-networks.ts';
import { networkKind } from '#core/predictor/evaluation/network-kind.ts';
import { type OperatorRows, operatorRows } from '#core/predictor/operators/operator-rows.ts';
import { lnLoweringPriors } from '#core/predictor/operators/runtime-lowerings.ts';
import type { Predictor } from '#core/predictor/types.ts';
import { seededRandom } from '#core/random.ts';
import { leftInWords, workClock } from '#core/statistics/time-left.ts';
import { type ProfileNetworks, profileNetworks } from './profile-networks.ts';

export interface ProfiledFleetTarget extends ProfileNetworks {
  readonly id: string;
  readonly runtimeName: string | null;
  readonly operators: OperatorRows | undefined;
  /** A search space, or a kind of model [networks.count]. */
  readonly kinds: readonly string[];
}

export interface ProfileScore extends NetworkScore {
  readonly target: string;
  /** What is scored. */
  readonly kind: string;
  readonly measurements: number;
  /** held-out: networks of the scored kind are not among the measured ones. */
  readonly kinds: 'any' | 'held-out';
  readonly descriptor: boolean;
  /** Scored, over all draws. */
  readonly predictions: number;
}

export interface ProfilesPlan {
  readonly measurements: readonly number[];
  /** Random draws a target. */
  readonly repeats: number;
  readonly seed: number;
}

/** In the order of their names.
 * @throws DomainError `invalid-usage` where a folder has no profile */
export async function readProfiles(predictor: Predictor, folder: string): Promise<ProfiledFleetTarget[]> {
  return Promise.all(
    profilesOf(folder).map(async ({ id, profile }): Promise<ProfiledFleetTarget> => {
      const own = await profileNetworks(predictor, profile);
      const { descriptor, target } = profile;
      return {
        ...own,
        id,
        runtimeName: target.runtime.name,
        operators: descriptor ? await operatorRows(predictor, operatorNetworks(descriptor)) : undefined,
        kinds: own.spaces.map((space, i) => space ?? networkKind(own.graphs[i]!())),
      };
    }),
  );
}

/** The programs whose targets lie in a folder, in alphabetical order, as `onnxruntime`.
 * @throws DomainError `invalid-usage` with fewer than two */
export function programsOf(folder: string): string[] {
  const names = new Set(profilesOf(folder).map(({ profile }) => profile.target.runtime.name ?? 'unknown'));
  if (names.size < 2) {
    throw new DomainError('invalid-usage', `--others: ${folder} has targets of ${names.size} program, two are needed`);
  }
  return [...names].sort();
}

/** Every target with and without its descriptor, all kinds and each; none of what has too few networks to measure. */
export function evaluateProfiles(
  predictor: Predictor,
  targets: readonly ProfiledFleetTarget[],
  plan: ProfilesPlan,
  note: (line: string) => void,
): ProfileScore[] {
  const cases = targets.flatMap((target) => casesOf(target, plan).map((own) => ({ target, ...own })));
  const clock = workClock([{ kind: 'case', units: cases.length }], () => performance.now() / 1000);
  clock.report(0, 0);
  return cases.flatMap(({ target, ...own }, i) => {
    const scores = scoresOf(predictor, target, own, plan);
    clock.report(0, (i + 1) / cases.length);
    if (cases[i + 1]?.target !== target || (i + 1) % casesANote === 0) {
      note(`${target.id}: ${i + 1} of ${cases.length} cases, ${leftInWords(clock.leftS())}`);
    }
    return scores;
  });
}

/** How many cases pass from one line of progress to the next. */
const casesANote = 10;

interface Case {
  readonly measurements: number;
  readonly descriptor: boolean;
  /** The kind that is not measured; undefined: any may be. */
  readonly held: string | undefined;
}

function casesOf({ operators, kinds }: ProfiledFleetTarget, { measurements }: ProfilesPlan): Case[] {
  const told = operators === undefined ? [false] : [true, false];
  const kindsThere = [...new Set(kinds)].sort();
  return measurements.flatMap((count) =>
    told
      .filter((descriptor) => descriptor || count > 0)
      .flatMap((descriptor) =>
        [undefined, ...(count === 0 ? [] : kindsThere)].map((held) => ({ measurements: count, descriptor, held })),
      ),
  );
}

function scoresOf(
  predictor: Predictor,
  target: ProfiledFleetTarget,
  { measurements, descriptor, held }: Case,
  { repeats, seed }: ProfilesPlan,
): ProfileScore[] {
  const rows = [...target.latencyMs.keys()];
  const scored = held === undefined ? ['all', ...new Set(target.kinds.toSorted())] : [held];
  const pool = rows.filter((row) => target.kinds[row] !== held);
  if (pool.length < measurements) return [];
  const byKind = new Map<string, { score: NetworkScore; count: number }[]>(scored.map((kind) => [kind, []]));
  const draws = measurements === 0 ? 1 : repeats;
  for (let draw = 0; draw < draws; draw++) {
    const random = seededRandom(seed * 1000 + draw);
    const support = [...random.choose(pool.length, measurements)].map((i) => pool[i]!);
    const predicted = predictedFrom(predictor, target, support, descriptor);
    for (const [kind, own] of byKind) {
      const tested = rows.filter((row) => !support.includes(row) && (kind === 'all' || target.kinds[row] === kind));
      if (tested.length > 0) own.push({ score: scoreOf(target.latencyMs, predicted, tested), count: tested.length });
    }
  }
  const kinds = held === undefined ? 'any' : 'held-out';
  return [...byKind]
    .filter(([, own]) => own.length > 0)
    .map(([kind, own]) => ({
      ...{ target: target.id, kind, measurements, kinds, descriptor },
      ...meanOf(own.map(({ score }) => score)),
      predictions: own.reduce((sum, { count }) => sum + count, 0),
    }));
}

function predictedFrom(
  { parameters, identity }: Predictor,
  { networks, latencyMs, operators, runtimeName }: ProfiledFleetTarget,
  support: readonly number[],
  descriptor: boolean,
) {
  const measuredMs = Float64Array.from(support, (row) => latencyMs[row]!);
  const adaptation = adaptCalibrated(parameters, identity.hash, forwardRows(networks, support), measuredMs, {
    ...(descriptor && { operators, lnLoweringPriors: lnLoweringPriors(runtimeName, parameters.lowerings) }),
  });
  return predictLatencies(adaptation, parameters.lowerings, networks);
}
