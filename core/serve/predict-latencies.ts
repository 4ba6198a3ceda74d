// Use case: predict the latency of architectures on targets. Networks are counted once for all targets of a request.
// The reply holds one array a quantity, in the order of the architectures: at 20,000 architectures a third of the size
// of one object an architecture, and quicker to print and to read.
import { DomainError, type Issue } from '#core/errors.ts';
import type { Adaptation } from '#core/predictor/adaptation/adaptation.ts';
import { type LnMoments, predictionOf } from '#core/predictor/adaptation/posterior-predictive.ts';
import { assessTrust } from '#core/predictor/adaptation/trust.ts';
import type { Trust } from '#core/predictor/types.ts';
import { searchSpace as searchSpaceOf } from '#core/search-space/registry.ts';
import type { Architecture, SearchSpace, SearchSpaceId } from '#core/search-space/search-space.ts';
import { workloadOf } from '#core/search-space/workload.ts';
import { significantEach } from '#core/text/significant.ts';
import { findAdaptations, type PredictDependencies } from './find-adaptations.ts';
import type { Champion } from './predictor-cache.ts';

/** Limits of one request. A reply has to fit the 6 MB that Lambda lets through: `predictions` counts architectures ×
 * targets, each at most 40 bytes. */
export const predictionLimits = { architectures: 20_000, targets: 100, predictions: 100_000 } as const;

/** Significant digits of a latency on the wire; far below any interval. */
const latencyDigits = 6;
const probabilityDecimals = 4;
/** Malformed architectures named in one refusal; after as many the rest is not looked at. */
const namedIssues = 20;

export interface PredictRequest {
  readonly searchSpace: string;
  /** Pixels. Left out: the usual one of the search space. */
  readonly inputSize?: number | undefined;
  /** Left out: 1. */
  readonly batchSize?: number | undefined;
  /** Exactly one of `target` and `targets`. */
  readonly target?: string | undefined;
  readonly targets?: readonly string[] | undefined;
  readonly architectures: readonly string[];
  readonly budgetMs?: number | undefined;
  readonly confidence?: number | undefined;
}

export interface TargetPredictions {
  readonly target: string;
  readonly predictor: { readonly version: string; readonly hash: string };
  readonly measurements: number;
  readonly trust: Trust;
  readonly trustReason: string;
  readonly latencyMs: number[];
  readonly lowMs: number[];
  readonly highMs: number[];
  readonly withinBudgetProbability?: number[] | undefined;
}

export interface PredictReply {
  readonly searchSpace: SearchSpaceId;
  /** Null where each architecture states its own. */
  readonly inputSize: number | null;
  readonly batchSize: number;
  readonly architectures: number;
  readonly confidence: number;
  readonly budgetMs?: number | undefined;
  readonly results: TargetPredictions[];
}

/** @throws DomainError `unknown-search-space`, `unknown-target`, `invalid-architecture`, `too-many-architectures`,
 * `not-ready`; `invalid-request` for an input size that the space's networks cannot have */
export async function predict(dependencies: PredictDependencies, request: PredictRequest): Promise<PredictReply> {
  const space = searchSpaceOf(request.searchSpace);
  const workload = workloadOf(request);
  const targets = request.targets ?? [request.target!];
  checkSize(request.architectures.length, targets.length);
  const champion = await dependencies.predictors.champion(targets);
  // A target that is not there is cheaper to refuse than thousands of architectures are to read.
  const adaptations = await findAdaptations(dependencies, champion, request);
  const architectures = parseArchitectures(space, request.architectures);
  const moments = await champion.predictor.moments(adaptations, { workload, architectures });
  const { confidence = 0.9, budgetMs } = request;
  return {
    ...workload,
    architectures: architectures.length,
    confidence,
    ...(budgetMs !== undefined && { budgetMs }),
    results: targets.map((target, i) =>
      predictOne(champion, target, adaptations[i]!, moments[i]!, {
        confidence,
        ...(budgetMs !== undefined && { budgetMs }),
      }),
    ),
  };
}

function checkSize(architectures: number, targets: number): void {
  const { architectures: most, predictions } = predictionLimits;
  const fail = (message: string): never => {
    throw new DomainError('too-many-architectures', message, { issues: [{ path: 'architectures', message }] });
  };
  if (architectures > most) fail(`${architectures} architectures in one request; at most ${most}: split the request`);
  if (architectures * targets > predictions) {
    fail(
      `${architectures} architectures × ${targets} targets are ${architectures * targets} predictions in one request; ` +
        `at most ${predictions}: ask for fewer targets at a time`,
    );
  }
}

function parseArchitectures(space: SearchSpace, texts: readonly string[]): Architecture[] {
  const issues: Issue[] = [];
  const architectures: Architecture[] = [];
  for (let index = 0; index < texts.length; index++) {
    try {
      architectures.push(space.parse(texts[index]!));
    } catch (error) {
      if (!(error instanceof DomainError)) throw error;
      issues.push({ path: `architectures/${index}`, message: error.message });
      // Nobody reads more of them, and each costs more than a good one.
      if (issues.length === namedIssues) break;
    }
  }
  if (issues.length === 0) return architectures;
  const [first] = issues;
  const count = issues.length === namedIssues ? `${namedIssues} or more` : String(issues.length);
  throw new DomainError(
    'invalid-architecture',
    `${count} of ${texts.length} architectures are not of search space '${space.id}'; ` +
      `${first!.path}: ${first!.message}`,
    { issues },
  );
}

function predictOne(
  { predictor }: Champion,
  target: string,
  adaptation: Adaptation,
  moments: LnMoments,
  options: { readonly confidence: number; readonly budgetMs?: number },
): TargetPredictions {
  const { latencyMs, lowMs, highMs, withinBudgetProbability } = predictionOf(moments, options);
  const { trust, reason } = assessTrust(adaptation);
  return {
    target,
    predictor: { version: predictor.identity.version, hash: predictor.identity.hash },
    measurements: adaptation.measurements,
    trust,
    trustReason: reason,
    latencyMs: latencies(latencyMs),
    lowMs: latencies(lowMs),
    highMs: latencies(highMs),
    ...(withinBudgetProbability && { withinBudgetProbability: probabilities(withinBudgetProbability) }),
  };
}

const latencies = (values: Float64Array): number[] => significantEach(values, latencyDigits);
const probabilities = (values: Float64Array): number[] =>
  Array.from(values, (p) => Math.round(p * 10 ** probabilityDecimals) / 10 ** probabilityDecimals);
