// Use case: predict the latency of models, each an operator graph of its own, on targets. What may be believed is said
// of each model on each target: trust belongs to the pair.
import { DomainError } from '#core/errors.ts';
import type { LoweringId } from '#core/graph/lowerings.ts';
import type { OperatorGraph } from '#core/graph/operator-graph.ts';
import { ownBatch } from '#core/models/stored-graph.ts';
import type { Adaptation } from '#core/predictor/adaptation/adaptation.ts';
import type { Trust } from '#core/predictor/types.ts';
import { loweringsOf } from '#core/predictor/whole-networks/breakdown.ts';
import { costsByKind, costsByPlace, type KindCost, type PlaceCost } from '#core/predictor/whole-networks/costs.ts';
import { type PricedNetwork, priceNetworkOf } from '#core/predictor/whole-networks/launched-network.ts';
import { type NetworkPrediction, predictNetwork } from '#core/predictor/whole-networks/predict-network.ts';
import { significant } from '#core/text/significant.ts';
import { type AskedTargets, findAdaptations, type PredictDependencies } from './find-adaptations.ts';
import type { ModelShelf } from './graph-shelf.ts';

/** Limits of one request: models are lowered for each kind of runtime that the targets may have, a millisecond for ten
 * nodes, and a reply has to fit the 6 MB that Lambda lets through. */
export const modelPredictionLimits = { models: 100, nodes: 20_000, predictions: 2_000, places: 20_000 } as const;

export interface ModelPredictionRequest extends AskedTargets {
  /** Ids of models that were taken in. */
  readonly models: readonly string[];
  /** Images at once: a multiple of each model's own. Left out: its own. */
  readonly batchSize?: number | undefined;
  readonly budgetMs?: number | undefined;
  readonly confidence?: number | undefined;
  /** Tell the places too. */
  readonly explain?: boolean | undefined;
}

/** What is told of one model on one target beside its latency and how far to trust it. */
export interface ModelDetails {
  /** How the target's runtime was taken to launch it. */
  readonly lowering: LoweringId;
  readonly kinds: readonly KindCost[];
  readonly places?: readonly PlaceCost[];
  readonly unknownShare: number;
  readonly unknownOperators: readonly string[];
  readonly unmeasuredShare: number;
  readonly unmeasuredOperators: readonly string[];
  readonly lacksInt8: boolean;
}

export interface ModelsReply {
  /** As asked. */
  readonly models: readonly string[];
  /** Images of one inference, one a model. */
  readonly batchSizes: readonly number[];
  readonly confidence: number;
  readonly budgetMs?: number;
  readonly results: readonly {
    readonly target: string;
    readonly predictor: { readonly version: string; readonly hash: string };
    readonly measurements: number;
    /** One a model, as are all that follow. */
    readonly trust: readonly Trust[];
    readonly trustReason: readonly string[];
    readonly latencyMs: readonly number[];
    readonly lowMs: readonly number[];
    readonly highMs: readonly number[];
    readonly withinBudgetProbability?: readonly number[];
    readonly details: readonly ModelDetails[];
  }[];
}

const digits = 6;
const probabilityDecimals = 4;

/** @throws DomainError `not-found` for a model that was not taken in, `unknown-target`, `not-ready`; `invalid-request`
 * for a batch size that a model cannot have and for more than one request may ask */
export async function predictModels(
  dependencies: PredictDependencies & { readonly models: ModelShelf },
  request: ModelPredictionRequest,
): Promise<ModelsReply> {
  const targets = request.targets ?? [request.target!];
  checkSize(request.models.length * targets.length, modelPredictionLimits.predictions, 'models × targets');
  const graphs = await dependencies.models(request.models);
  const nodes = graphs.reduce((sum, graph) => sum + graph.nodes.length, 0);
  checkSize(nodes, modelPredictionLimits.nodes, 'operators of all models');
  if (request.explain)
    checkSize(nodes * targets.length, modelPredictionLimits.places, 'operators × targets to explain');
  const times = graphs.map((graph, i) => timesOwnBatch(graph, request.batchSize, i));
  const champion = await dependencies.predictors.champion(targets);
  const { predictor } = champion;
  const adaptations = await findAdaptations(dependencies, champion, request);
  const wanted = loweringsOf(adaptations);
  const { confidence = 0.9, budgetMs } = request;
  const told: { readonly network: PricedNetwork; readonly predicted: NetworkPrediction[] }[] = [];
  for (const [i, graph] of graphs.entries()) {
    const network = await priceNetworkOf(predictor, graph, wanted, times[i]!);
    const predicted = adaptations.map((adaptation) =>
      predictNetwork(predictor.parameters, adaptation, network, confidence, budgetMs),
    );
    told.push({ network, predicted });
  }
  return {
    models: request.models,
    batchSizes: graphs.map((graph, i) => ownBatch(graph) * times[i]!),
    confidence,
    ...(budgetMs !== undefined && { budgetMs }),
    results: targets.map((target, t) => {
      const predicted = told.map((each) => each.predicted[t]!);
      return {
        target,
        predictor: { version: predictor.identity.version, hash: predictor.identity.hash },
        measurements: adaptations[t]!.measurements,
        trust: predicted.map(({ trust }) => trust),
        trustReason: predicted.map(({ trustReason }) => trustReason),
        latencyMs: predicted.map(({ latencyMs }) => significant(latencyMs, digits)),
        lowMs: predicted.map(({ lowMs }) => significant(lowMs, digits)),
        highMs: predicted.map(({ highMs }) => significant(highMs, digits)),
        ...(budgetMs !== undefined && {
          withinBudgetProbability: predicted.map(({ withinBudgetProbability: p }) => rounded(p!)),
        }),
        details: predicted.map((own, i) =>
          detailsOf(graphs[i]!, told[i]!.network, own, request.explain ? adaptations[t]! : undefined),
        ),
      };
    }),
  };
}

function checkSize(asked: number, most: number, what: string): void {
  if (asked <= most) return;
  const message = `${asked} ${what} in one request; at most ${most}: split it`;
  throw new DomainError('invalid-request', message, { issues: [{ path: 'models', message }] });
}

function timesOwnBatch(graph: OperatorGraph, batchSize: number | undefined, index: number): number {
  const own = ownBatch(graph);
  if (batchSize === undefined) return 1;
  if (batchSize % own === 0) return batchSize / own;
  const message = `batchSize is ${batchSize}; models/${index} has a batch of ${own}, and only multiples of it can be`;
  throw new DomainError('invalid-request', message, { issues: [{ path: 'batchSize', message }] });
}

const rounded = (p: number): number => Math.round(p * 10 ** probabilityDecimals) / 10 ** probabilityDecimals;

/** @param explained left out: neither places nor how sure the parts are */
function detailsOf(
  graph: OperatorGraph,
  network: PricedNetwork,
  predicted: NetworkPrediction,
  explained: Adaptation | undefined,
): ModelDetails {
  return {
    lowering: predicted.lowering,
    kinds: costsByKind(network, predicted, explained),
    ...(explained && { places: costsByPlace(graph, network, predicted, explained) }),
    unknownShare: significant(predicted.unknownShare, digits),
    unknownOperators: predicted.unknownOperators,
    unmeasuredShare: significant(predicted.unmeasuredShare, digits),
    unmeasuredOperators: predicted.unmeasuredOperators,
    lacksInt8: predicted.lacksInt8,
  };
}
