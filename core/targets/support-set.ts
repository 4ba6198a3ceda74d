// Use case: which architectures to measure next on a target, and what error to expect after that; without a target,
// what a new one should start with.

import { DomainError } from '#core/errors.ts';
import type { Adaptation } from '#core/predictor/adaptation/adaptation.ts';
import { evenlySpaced, mostAdaptedFrom } from '#core/predictor/adaptation/checked-adaptation.ts';
import { expectedErrorOf, selectSupportSet } from '#core/predictor/adaptation/select-support-set.ts';
import type { Predictor } from '#core/predictor/bundle.ts';
import { seededRandom } from '#core/random.ts';
import { searchSpace as searchSpaceOf } from '#core/search-space/registry.ts';
import type { Architecture, SearchSpace, SearchSpaceId } from '#core/search-space/search-space.ts';
import type { Store } from '#core/store/store.ts';
import { readTargetData } from './refresh-target.ts';
import type { SelectSupportSet } from './selection-cache.ts';
import { listTargetIds, unknownTargetError } from './target-names.ts';
import { targetIdSchema } from './target-record.ts';

/** Architectures among which to choose: drawn with a fixed seed, so that devices that start anew measure the same. */
const candidateCount = 900;
/** Noise that is expected of a target nobody has measured. */
const usualNoise = 0.03;

export interface SupportSetRequest {
  readonly searchSpace: string;
  /** 1 to `mostSupport`. */
  readonly count: number;
  readonly target?: string | undefined;
}

export interface SupportSetReply {
  readonly searchSpace: SearchSpaceId;
  readonly target: string | null;
  /** Version of the predictor that chose; null: there is none yet and the architectures are random. */
  readonly predictorVersion: string | null;
  /** Architectures measured on the target already. */
  readonly measured: number;
  /** In the order in which to measure. */
  readonly architectures: string[];
  /** Median relative error to expect of predictions, now and after each further measurement [1 + count]; null without a
   * predictor. */
  readonly expectedErrors: number[] | null;
}

/** The predictor that answers in a search space, with what it made of its targets. */
export interface AdaptedChampion {
  readonly predictor: Predictor;
  readonly adaptations: { get(targetId: string): Promise<Adaptation | undefined> };
}

export interface SupportSetDependencies {
  readonly store: Store;
  /** `champion` rejects with `not-ready` while the search space has none. */
  /** How to choose; a cache over `selectSupportSet` where the same is asked for again. */
  readonly select?: SelectSupportSet;
  readonly predictors: { champion(searchSpace: SearchSpaceId): Promise<AdaptedChampion> };
}

/** @throws DomainError `unknown-search-space`; `unknown-target` with the nearest names; `invalid-request` when nothing
 * is left to measure */
export async function supportSet(
  { store, predictors, select = selectSupportSet }: SupportSetDependencies,
  { searchSpace, count, target }: SupportSetRequest,
): Promise<SupportSetReply> {
  const space = searchSpaceOf(searchSpace);
  const measured = target === undefined ? [] : await measuredOn(store, space, target);
  const candidates = candidatesOf(space, new Set(measured));
  if (candidates.length < count) {
    const message = `${count} asked for; only ${candidates.length} candidates are not measured yet`;
    throw new DomainError('invalid-request', `count: ${message}`, { issues: [{ path: 'count', message }] });
  }
  const champion = await championOrNone(predictors, space.id);
  const common = { searchSpace: space.id, target: target ?? null, measured: measured.length };
  if (!champion) {
    const architectures = candidates.slice(0, count).map((each) => space.format(each));
    return { ...common, predictorVersion: null, architectures, expectedErrors: null };
  }
  const { predictor, adaptations } = champion;
  const known = evenlySpaced(measured, mostAdaptedFrom).map((text) => space.parse(text));
  const { indices, variances } = await select(predictor, candidates, count, known);
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

/** Canonical texts, in code-unit order. */
async function measuredOn(store: Store, space: SearchSpace, target: string): Promise<readonly string[]> {
  const data = targetIdSchema.safeParse(target).success ? await readTargetData(store, space.id, target) : undefined;
  if (data) return data.architectures;
  const known = await listTargetIds(store, space.id);
  if (known.includes(target)) return [];
  throw unknownTargetError(space.id, [{ targetId: target, path: 'target' }], known);
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

async function championOrNone(
  predictors: SupportSetDependencies['predictors'],
  searchSpace: SearchSpaceId,
): Promise<AdaptedChampion | undefined> {
  try {
    return await predictors.champion(searchSpace);
  } catch (error) {
    if (error instanceof DomainError && error.code === 'not-ready') return undefined;
    throw error;
  }
}

/** What the posterior of the target's own measurements expects, or, where that is worse, what leaving each of them out
 * gave: further measurements are held against it. */
function errorNow({ expectedError, selfCheck }: Adaptation): number {
  return Math.max(expectedError, selfCheck.leftOut?.medianError ?? 0);
}

/** Standard deviation of the noise that the target's measurements show. */
function noiseOf({ hypotheses }: Adaptation): number {
  return Math.sqrt(hypotheses.reduce((sum, { weight, sigma }) => sum + weight * sigma ** 2, 0));
}
