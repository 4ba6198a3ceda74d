// An evaluation's result as it is kept in cards: who was scored on which hardware; the stored field `device` holds its
// key.
import type { EvaluationResult } from '#core/predictor/evaluation/held-out-evaluation.ts';
import type { Score } from '#core/predictors/card.ts';
import type { Workload } from '#core/search-space/workload.ts';

/** Metrics that do not exist, NaN, are null. */
export function scoreOf(
  result: EvaluationResult,
  model: Score['model'],
  hardwareKey: string,
  workload: Workload,
): Score {
  const { target, measurements, selection } = result;
  return {
    model,
    target,
    device: hardwareKey,
    ...workload,
    measurements,
    selection,
    spearmanTrimmed: metric(result.spearmanTrimmed),
    spearman: metric(result.spearman),
    within5: metric(result.within5),
    within10: metric(result.within10),
    medianApe: metric(result.medianApe),
    coverage90: metric(result.coverage90),
  };
}

/** NaN is no JSON, and not a number of anything. */
const metric = (value: number): number | null => (Number.isFinite(value) ? value : null);
