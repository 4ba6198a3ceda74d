// From files to a report: the shipped predictor, the shipped targets, no service.
import { readShippedPredictor } from '#cli/start/read-shipped-predictor.ts';
import { expandedAdaptation } from '#core/predictor/adaptation/compact-adaptation.ts';
import { loadPredictor } from '#core/predictor/bundle.ts';
import type { Predictor } from '#core/predictor/types.ts';
import { loweringsOf } from '#core/predictor/whole-networks/breakdown.ts';
import { priceNetworkOf } from '#core/predictor/whole-networks/launched-network.ts';
import { predictNetwork } from '#core/predictor/whole-networks/predict-network.ts';
import { pickTargets } from '../shipped-targets/pick-targets.ts';
import { readTargets, type ShippedTarget } from '../shipped-targets/targets-file.ts';
import { type Dimensions, readModel } from './read-model.ts';
import {
  compareModels,
  type ModelReport,
  type ReportedPrediction,
  type ReportOptions,
  reportModel,
  reportPrediction,
} from './report.ts';

export interface ModelsRequest extends Dimensions, ReportOptions {
  readonly files: readonly string[];
  /** Ids or parts of them; none: the usual ones. */
  readonly targets: readonly string[];
  /** Whether two files are compared. */
  readonly compare: boolean;
}

const confidence = 0.9;

/** @throws DomainError what reading a model throws (read-model.ts), `unknown-target`, `invalid-targets` */
export async function predictModels(request: ModelsRequest): Promise<ModelReport> {
  const { files, compare, budgetMs } = request;
  const models = await Promise.all(files.map((file) => readModel(file, request)));
  const { bundle } = await readShippedPredictor();
  const predictor = await loadPredictor(bundle);
  try {
    const targets = pickTargets(readTargets(predictor.identity.hash), request.targets);
    const told = await predictEach(predictor, models, targets, request);
    return {
      schemaVersion: 1,
      predictor: predictor.identity,
      confidence,
      ...(budgetMs !== undefined && { budgetMs }),
      ...told,
      ...(compare && { comparison: compareModels(told.predictions, files as [string, string]) }),
    };
  } finally {
    await predictor.close();
  }
}

async function predictEach(
  predictor: Predictor,
  models: readonly Awaited<ReturnType<typeof readModel>>[],
  targets: readonly ShippedTarget[],
  asked: ReportOptions,
): Promise<Pick<ModelReport, 'models' | 'predictions'>> {
  const adapted = targets.map((target) => ({
    target,
    adaptation: expandedAdaptation(target.adaptation, predictor.identity.hash),
  }));
  const wanted = loweringsOf(adapted.map(({ adaptation }) => adaptation));
  const told: ModelReport['models'] = [];
  const predictions: ReportedPrediction[] = [];
  for (const model of models) {
    const network = await priceNetworkOf(predictor, model.graph, wanted, model.batch);
    told.push(reportModel(model, network));
    const own = adapted.map(({ target, adaptation }) => {
      const predicted = predictNetwork(predictor.parameters, adaptation, network, confidence);
      return reportPrediction(model, target, network, predicted, asked, adaptation);
    });
    predictions.push(...own.sort((a, b) => a.latencyMs - b.latencyMs));
  }
  return { models: told, predictions };
}
