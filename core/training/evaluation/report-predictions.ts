// What a report shows beyond scores: every prediction of one support set a target beside its measurement, and how often
// intervals of several confidences held them.

import { adaptCalibrated } from '#core/predictor/adaptation/calibrate.ts';
import { forwardRows } from '#core/predictor/adaptation/leave-one-out.ts';
import { predictLatencies } from '#core/predictor/adaptation/posterior-predictive.ts';
import {
  type EvaluationPlan,
  type Selection,
  supportOrder,
  supportOrderOf,
  supportSets,
} from '#core/predictor/evaluation/held-out-evaluation.ts';
import type { Predictor } from '#core/predictor/types.ts';
import type { Coverage, HeldOutPredictions } from '#core/predictors/card.ts';

export const coverageConfidences = [0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99] as const;

export interface PredictionsForReport {
  readonly predictions: HeldOutPredictions;
  readonly coverage: Coverage[];
}

/** The first support set that the evaluation drew of each target, over the plan's `allRows`. */
export async function predictionsForReport(
  predictor: Predictor,
  plan: EvaluationPlan,
  shown: { readonly measurements: number; readonly selection: Selection },
): Promise<PredictionsForReport> {
  const forward = await predictor.forward([plan]);
  const order = shown.selection === 'chosen' ? await supportOrder(predictor, plan) : [];
  const predictions: HeldOutPredictions = [];
  const coverage: Coverage[] = [];
  for (const { id: target, latencyMs } of plan.targets) {
    const measuredTarget = { id: target, latencyMs };
    const own = order.length > 0 ? await supportOrderOf(predictor, plan, measuredTarget, order) : order;
    const support = supportSets(plan, measuredTarget, shown.measurements, shown.selection, own)[0]!;
    const measured = Float64Array.from(support, (row) => latencyMs[row]!);
    const supportForward = forwardRows(forward, support);
    const { parameters, identity } = predictor;
    const adaptation = adaptCalibrated(parameters, identity.hash, supportForward, measured);
    const rows = plan.allRows.filter((row) => !Number.isNaN(latencyMs[row]));
    const query = forwardRows(forward, rows);
    const measuredMs = rows.map((row) => latencyMs[row]!);
    predictions.push({
      target,
      ...plan.workload,
      measuredMs,
      predictedMs: [...predictLatencies(adaptation, parameters.lowerings, query).latencyMs],
    });
    for (const confidence of coverageConfidences) {
      const { lowMs, highMs } = predictLatencies(adaptation, parameters.lowerings, query, { confidence });
      const inside = measuredMs.filter((ms, i) => ms >= lowMs[i]! && ms <= highMs[i]!).length;
      coverage.push({ target, ...plan.workload, confidence, observed: inside / measuredMs.length });
    }
  }
  return { predictions, coverage };
}
