// Use case: which networks to measure next on a target, and what error to expect after that; without a target, what a
// new one should start with. They are architectures of a workload, and, where that is asked for, operator graphs.

import type { TargetData } from '#core/dataset/target-data.ts';
import { DomainError } from '#core/errors.ts';
import type { OperatorGraph } from '#core/graph/operator-graph.ts';
import type { Adaptation } from '#core/predictor/adaptation/adaptation.ts';
import { evenlySpaced, mostAdaptedFrom } from '#core/predictor/adaptation/checked-adaptation.ts';
import { expectedErrorOf, selectSupportSet } from '#core/predictor/adaptation/select-support-set.ts';
import type { GraphSet, NetworkSet, Predictor } from '#core/predictor/types.ts';
import { searchSpace as searchSpaceOf } from '#core/search-space/registry.ts';
import { type Workload, workloadKey, workloadOf } from '#core/search-space/workload.ts';
import type { Store } from '#core/store/store.ts';
import { readGraphs } from '../graphs/measured-graphs.ts';
import { targetIdSchema } from '../keys.ts';
import { readTargetInUse } from '../target-in-use.ts';
import { listTargetIds, unknownTargetError } from '../target-names.ts';
import { architectureCandidates, type GraphCandidate, graphCandidates, type SuggestedNetwork } from './candidates.ts';
import type { SelectSupportSet } from './selection-cache.ts';

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
  /** The standard networks may be chosen too. */
  readonly standard?: boolean | undefined;
  /** Ids of models that were taken in, which may be chosen too. */
  readonly models?: readonly string[] | undefined;
}

export interface SupportSetReply extends Workload {
  readonly target: string | null;
  /** Version of the predictor that chose; null: there is none yet and the architectures are random. */
  readonly predictorVersion: string | null;
  /** Architectures of this workload that are measured on the target already. */
  readonly measured: number;
  /** Those among what to measure, in the order in which to measure. */
  readonly architectures: string[];
  /** Everything to measure, in that order; where more than architectures was asked for. */
  readonly networks?: SuggestedNetwork[];
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
  /** Graphs of models that were taken in, in the order of their ids. @throws DomainError `not-found` */
  readonly models: (ids: readonly string[]) => Promise<OperatorGraph[]>;
}

/** Operators that the models of one request may have: each is lowered for every kind of runtime. */
export const mostOperators = 20_000;

/** What is measured in other workloads counts for what is known, too.
 * @throws DomainError `unknown-search-space`; `unknown-target` with the nearest names; `not-found` for a model that was
 * not taken in; `invalid-request` for an input size that the space's networks cannot have, for models of too many
 * operators, and when nothing is left to measure */
export async function supportSet(
  { store, predictors, models, select = selectSupportSet }: SupportSetDependencies,
  { searchSpace, inputSize, batchSize, count, target, standard = false, models: ids = [] }: SupportSetRequest,
): Promise<SupportSetReply> {
  const space = searchSpaceOf(searchSpace);
  const workload = workloadOf({ searchSpace, inputSize, batchSize });
  const data = target === undefined ? undefined : await measuredOn(store, target);
  const measured = data === undefined ? [] : networksOf(data);
  const mine = measured.filter((network) => workloadKey(network.workload) === workloadKey(workload));
  const graphs = graphCandidates(standard, ids, await models(ids), data?.models ?? []);
  checkOperators(graphs);
  const architectures = architectureCandidates(space, new Set(mine.map(({ architecture }) => architecture)));
  const open = architectures.length + graphs.length;
  if (open < count) {
    const message = `${count} asked for; only ${open} candidates are not measured yet`;
    throw new DomainError('invalid-request', `count: ${message}`, { issues: [{ path: 'count', message }] });
  }
  const suggestions: SuggestedNetwork[] = [
    ...architectures.map((each): SuggestedNetwork => ({ kind: 'architecture', architecture: space.format(each) })),
    ...graphs.map(({ suggestion }) => suggestion),
  ];
  const told = (predictorVersion: string | null, indices: readonly number[], expectedErrors: number[] | null) => {
    const networks = indices.map((index) => suggestions[index]!);
    return {
      ...workload,
      target: target ?? null,
      measured: mine.length,
      predictorVersion,
      architectures: networks.flatMap((each) => (each.kind === 'architecture' ? [each.architecture] : [])),
      ...((standard || ids.length > 0) && { networks }),
      expectedErrors,
    };
  };
  const champion = await championOrNone(predictors);
  if (!champion) return told(null, inTurn(architectures.length, graphs.length).slice(0, count), null);
  const { predictor, adaptations } = champion;
  const known = await setsOf(store, measured, data?.models ?? []);
  const offered = [{ workload, architectures }, ...(graphs.length === 0 ? [] : [{ graphs }])];
  const { indices, variances } = await select(predictor, offered, count, known);
  const adaptation = target === undefined ? undefined : await adaptations.get(target);
  const noise = adaptation ? noiseOf(adaptation) : usualNoise;
  const ofDesign = variances.map((variance) => expectedErrorOf(variance, noise));
  const now = adaptation && errorNow(adaptation);
  const scale = now === undefined ? 1 : now / ofDesign[0]!;
  const expected = ofDesign.map((error) => Number((scale * error).toPrecision(3)));
  return told(predictor.identity.version, indices, expected);
}

function checkOperators(graphs: readonly GraphCandidate[]): void {
  const operators = graphs.reduce((sum, { graph }) => sum + graph.nodes.length, 0);
  if (operators <= mostOperators) return;
  const message = `${operators} operators of all networks in one request; at most ${mostOperators}`;
  throw new DomainError('invalid-request', message, { issues: [{ path: 'models', message }] });
}

/** Indices of two lists of these lengths, one behind the other, by turns. */
function inTurn(first: number, second: number): number[] {
  return Array.from({ length: Math.max(first, second) }, (_, i) => i).flatMap((i) => [
    ...(i < first ? [i] : []),
    ...(i < second ? [first + i] : []),
  ]);
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
