// How well targets are predicted whose profiles lie in a folder, told apart by kind of network: from networks of all
// kinds, and of those of the other kinds alone.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { anyProfileSchema } from '#core/dataset/read-profile.ts';
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
  const files = readdirSync(folder).filter((name) => name.endsWith('.json.gz'));
  if (files.length === 0) throw new DomainError('invalid-usage', `--folder ${folder}: no profile (*.json.gz) in it`);
  return Promise.all(
    files.sort().map(async (file): Promise<ProfiledFleetTarget> => {
      const text = gunzipSync(readFileSync(join(folder, file))).toString('utf8');
      const profile = anyProfileSchema.parse(JSON.parse(text));
      const own = await profileNetworks(predictor, profile);
      const { descriptor, target } = profile;
      return {
        ...own,
        id: file.replace('.json.gz', ''),
        runtimeName: target.runtime.name,
        operators: descriptor ? await operatorRows(predictor, operatorNetworks(descriptor)) : undefined,
        kinds: own.spaces.map((space, i) => space ?? networkKind(own.graphs[i]!())),
      };
    }),
  );
}

/** Every target with and without its descriptor, all kinds and each; none of what has too few networks to measure. */
export function evaluateProfiles(
  predictor: Predictor,
  targets: readonly ProfiledFleetTarget[],
  plan: ProfilesPlan,
  note: (line: string) => void,
): ProfileScore[] {
  return targets.flatMap((target) => {
    note(`evaluating ${target.id}`);
    const told = target.operators === undefined ? [false] : [true, false];
    return plan.measurements.flatMap((measurements) =>
      told
        .filter((descriptor) => descriptor || measurements > 0)
        .flatMap((descriptor) => scoresOf(predictor, target, measurements, descriptor, plan)),
    );
  });
}

function scoresOf(
  predictor: Predictor,
  target: ProfiledFleetTarget,
  measurements: number,
  descriptor: boolean,
  { repeats, seed }: ProfilesPlan,
): ProfileScore[] {
  const rows = [...target.latencyMs.keys()];
  const kindsThere = [...new Set(target.kinds)].sort();
  const draws = measurements === 0 ? 1 : repeats;
  const cases = [
    { kinds: 'any' as const, held: undefined, scored: ['all', ...kindsThere] },
    ...(measurements === 0 ? [] : kindsThere).map((held) => ({ kinds: 'held-out' as const, held, scored: [held] })),
  ];
  return cases.flatMap(({ kinds, held, scored }) => {
    const pool = rows.filter((row) => target.kinds[row] !== held);
    if (pool.length < measurements) return [];
    const byKind = new Map<string, { score: NetworkScore; count: number }[]>(scored.map((kind) => [kind, []]));
    for (let draw = 0; draw < draws; draw++) {
      const random = seededRandom(seed * 1000 + draw);
      const support = [...random.choose(pool.length, measurements)].map((i) => pool[i]!);
      const predicted = predictedFrom(predictor, target, support, descriptor);
      for (const [kind, own] of byKind) {
        const tested = rows.filter((row) => !support.includes(row) && (kind === 'all' || target.kinds[row] === kind));
        if (tested.length > 0) own.push({ score: scoreOf(target.latencyMs, predicted, tested), count: tested.length });
      }
    }
    const told = [...byKind].filter(([, own]) => own.length > 0);
    return told.map(([kind, own]) => ({
      ...{ target: target.id, kind, measurements, kinds, descriptor },
      ...meanOf(own.map(({ score }) => score)),
      predictions: own.reduce((sum, { count }) => sum + count, 0),
    }));
  });
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
