// Use case: which architectures of a workload to measure next on a target, and what error to expect after that; without
// a target, what a new one should start with.

import type { TargetData } from '#core/dataset/target-data.ts';
import { DomainError } from '#core/errors.ts';
import type { Adaptation } from '#core/predictor/adaptation/adaptation.ts';
import { evenlySpaced, mostAdaptedFrom } from '#core/predictor/adaptation/checked-adaptation.ts';
import { expectedErrorOf, selectSupportSet } from '#core/predictor/adaptation/select-support-set.ts';
import type { GraphSet, NetworkSet, Predictor } from '#core/predictor/types.ts';
import { seededRandom } from '#core/random.ts';
import { searchSpace as searchSpaceOf } from '#core/search-space/registry.ts';
import type { Architecture, SearchSpace } from '#core/search-space/search-space.ts';
import { type Workload, workloadKey, workloadOf } from '#core/search-space/workload.ts';
import type { Store } from '#core/store/store.ts';
import { readGraphs } from './graphs/measured-graphs.ts';
import { targetIdSchema } from './keys.ts';
import type { SelectSupportSet } from './selection-cache.ts';
import { readTargetInUse } from './target-in-use.ts';
import { listTargetIds, unknownTargetError } from './target-names.ts';

/** Architectures among which to choose: drawn with a fixed seed, so that devices that start anew measure the same. */
const candidateCount = 900;
/** Noise that is expected of a target nobody has measured. */
const usualNoise = 0.03;

export interface SupportSetRequest {
  readonly searchSpace: string;
  /** Pixels. Left out: the usual one of the search space. */
  readonly inputSize?: number | undefined;
  /** Left out: 1. */
  readonly batchSize?: number | undefined;
  /** 1 to `mostSupport`. */
  readonly count: number;
  readonly target?: string | undefined;
}

export interface SupportSetReply extends Workload {
  readonly target: string | null;
  /** Version of the predictor that chose; null: there is none yet and the architectures are random. */
  readonly predictorVersion: string | null;
  /** Architectures of this workload that are measured on the target already. */
  readonly measured: number;
  /** In the order in which to measure. */
  readonly architectures: string[];
  /** Median relative error to expect of predictions, now and after each further measurement [1 + count]; null without a
   * predictor. */
  readonly expectedErrors: number[] | null;
}

/** The predictor that answers, with what it made of its targets. */
export interface AdaptedChampion {
  readonly predictor: Predictor;
  readonly adaptations: { get(targetId: string): Promise<Adaptation | undefined> };
}

export interface SupportSetDependencies {
  readonly store: Store;
  /** How to choose; a cache over `selectSupportSet` where the same is asked for again. */
  readonly select?: SelectSupportSet;
  /** `champion` rejects with `not-ready` while there is none. */
  readonly predictors: { champion(): Promise<AdaptedChampion> };
}

/** What is measured in other workloads counts for what is known, too.
 * @throws DomainError `unknown-search-space`; `unknown-target` with the nearest names; `invalid-request` for an input
 * size that the space's networks cannot have, and when nothing is left to measure */
export async function supportSet(
  { store, predictors, select = selectSupportSet }: SupportSetDependencies,
  { searchSpace, inputSize, batchSize, count, target }: SupportSetRequest,
): Promise<SupportSetReply> {
  const space = searchSpaceOf(searchSpace);
  const workload = workloadOf({ searchSpace, inputSize, batchSize });
  const data = target === undefined ? undefined : await measuredOn(store, target);
  const measured = data === undefined ? [] : networksOf(data);
  const mine = measured.filter((network) => workloadKey(network.workload) === workloadKey(workload));
  const candidates = candidatesOf(space, new Set(mine.map(({ architecture }) => architecture)));
  if (candidates.length < count) {
    const message = `${count} asked for; only ${candidates.length} candidates are not measured yet`;
    throw new DomainError('invalid-request', `count: ${message}`, { issues: [{ path: 'count', message }] });
  }
  const champion = await championOrNone(predictors);
  const common = { ...workload, target: target ?? null, measured: mine.length };
  if (!champion) {
    const architectures = candidates.slice(0, count).map((each) => space.format(each));
    return { ...common, predictorVersion: null, architectures, expectedErrors: null };
  }
  const { predictor, adaptations } = champion;
  const known = await setsOf(store, measured, data?.models ?? []);
  const offered = { workload, architectures: candidates };
  const { indices, variances } = await select(predictor, offered, count, known);
  const adaptation = target === undefined ? undefined : await adaptations.get(target);
  const noise = adaptation ? noiseOf(adaptation) : usualNoise;
  const ofDesign = variances.map((variance) => expectedErrorOf(variance, noise));
  const now = adaptation && errorNow(adaptation);
  const scale = now === undefined ? 1 : now / ofDesign[0]!;
  return {
    ...common,
    predictorVersion: predictor.identity.version,
    architectures: indices.map((index) => space.format(candidates[index]!)),
    expectedErrors: ofDesign.map((error) => Number((scale * error).toPrecision(3))),
  };
}

interface MeasuredNetwork {
  readonly workload: Workload;
  /** Canonical text. */
  readonly architecture: string;
}

/** Undefined for a target without measurements. */
async function measuredOn(store: Store, target: string): Promise<TargetData | undefined> {
  const inUse = targetIdSchema.safeParse(target).success ? await readTargetInUse(store, target) : undefined;
  if (inUse) return inUse.data;
  const known = await listTargetIds(store);
  if (known.includes(target)) return undefined;
  throw unknownTargetError([{ targetId: target, path: 'target' }], known);
}

/** In the order in which the target's data hold them. */
function networksOf({ workloads, architectures, values }: TargetData): MeasuredNetwork[] {
  // Values ascend by workload and architecture: repeats stand beside each other.
  const first = values.filter(([workload, architecture], at) => {
    const before = values[at - 1];
    return before === undefined || before[0] !== workload || before[1] !== architecture;
  });
  return first.map(([workload, architecture]) => ({
    workload: workloads[workload]!,
    architecture: architectures[architecture]!,
  }));
}

/** As many as a target is adapted from, and all graphs. */
async function setsOf(
  store: Store,
  networks: readonly MeasuredNetwork[],
  models: readonly string[],
): Promise<(NetworkSet | GraphSet)[]> {
  const used = evenlySpaced(networks, mostAdaptedFrom);
  const byWorkload = Map.groupBy(used, ({ workload }) => workloadKey(workload));
  const sets = Array.from(byWorkload.values(), (group): NetworkSet => {
    const { workload } = group[0]!;
    const space = searchSpaceOf(workload.searchSpace);
    return { workload, architectures: group.map(({ architecture }) => space.parse(architecture)) };
  });
  return models.length === 0 ? sets : [...sets, { graphs: await readGraphs(store, models) }];
}

/** Random connected architectures that are not measured, always the same and in the same order. */
function candidatesOf(space: SearchSpace, measured: ReadonlySet<string>): Architecture[] {
  const random = seededRandom(1);
  const seen = new Set<string>();
  const candidates: Architecture[] = [];
  // A small space may have fewer than asked for: the draws are bounded.
  for (let draw = 0; draw < 4 * candidateCount && candidates.length < candidateCount; draw++) {
    const architecture = space.sample(random);
    const text = space.format(architecture);
    if (seen.has(text)) continue;
    seen.add(text);
    if (!measured.has(text) && space.isConnected(architecture)) candidates.push(architecture);
  }
  return candidates;
}

async function championOrNone(predictors: SupportSetDependencies['predictors']): Promise<AdaptedChampion | undefined> {
  try {
    return await predictors.champion();
  } catch (error) {
    if (error instanceof DomainError && error.code === 'not-ready') return undefined;
    throw error;
  }
}

/** What the posterior of the target's own measurements expects, or, where that is worse, what leaving each of them out
 * gave: further measurements are held against it. */
function errorNow({ expectedError, selfCheck }: Adaptation): number | undefined {
  return expectedError && Math.max(expectedError, selfCheck?.leftOut?.medianError ?? 0);
}

/** Standard deviation of the noise that the target's measurements show. */
function noiseOf({ heads }: Adaptation): number {
  return Math.sqrt(heads.reduce((sum, { weight, noiseVariance }) => sum + weight * noiseVariance, 0));
}
