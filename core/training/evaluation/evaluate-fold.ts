// Use case: score candidates, champion and ridge regression on the hardware of one fold, which none of them has seen:
// on the same targets, with the same random draws of measurements, on architectures that nobody was trained on.
import * as z from 'zod';
import type { Predictor } from '#core/predictor/bundle.ts';
import {
  type EvaluationPlan,
  type EvaluationResult,
  evaluate,
} from '#core/predictor/evaluation/held-out-evaluation.ts';
import { coverageSchema, heldOutPredictionsSchema, type Score, scoreSchema } from '#core/predictors/card.ts';
import { loadStored } from '#core/predictors/load-stored.ts';
import { searchSpace as searchSpaceOf } from '#core/search-space/registry.ts';
import type { SearchSpaceId } from '#core/search-space/search-space.ts';
import type { Store } from '#core/store/store.ts';
import { writeJson } from '#core/store/stored-json.ts';
import { planOf } from '#core/training/fits/plan-fits.ts';
import { fitKey, runFoldKey } from '#core/training/keys.ts';
import { type RunRecord, requireRunning } from '#core/training/runs/run-record.ts';
import { evaluatedMeasurements } from '#core/training/runs/run-settings.ts';
import { readManifest, readMeasurements } from '#core/training/snapshot/snapshot.ts';
import { type PoolTarget, type TrainingPool, trainingPool } from '#core/training/snapshot/training-pool.ts';
import { predictionsForReport } from './report-predictions.ts';
import { scoreOf } from './score-of.ts';

/** Targets of a fold that are evaluated, in turn by hardware: time and memory of a step are bounded. */
export const mostFoldTargets = 48;
/** Architectures to draw measurements from. */
const supportRows = 900;
/** Rank correlations of fewer say nothing. */
const fewestTestRows = 10;

/** What stands in a report's headline, and is drawn in it. */
export const shownScores = { measurements: 10, selection: 'random' } as const;

export const foldScoresSchema = z.strictObject({
  fold: z.int().nonnegative(),
  /** The candidates' scores by seed; champion and ridge stand with the first. */
  candidates: z.array(
    z.strictObject({
      seed: z.int(),
      scores: z.array(scoreSchema),
      coverage: z.array(coverageSchema),
      predictions: heldOutPredictionsSchema,
    }),
  ),
  others: z.array(scoreSchema),
  notEvaluated: z.array(z.string()),
});
export type FoldScores = z.infer<typeof foldScoresSchema>;

/** Scores of every model on the targets of one fold, which are stored too.
 * @throws DomainError `cancelled` when the run has ended */
export async function evaluateFold(store: Store, runId: string, fold: number): Promise<FoldScores> {
  const run = await requireRunning(store, runId);
  const { searchSpace, settings } = run;
  const { folds, candidates, champion } = await planOf(store, run, run.championBefore);
  const at = folds.findIndex((each) => each.fold === fold);
  const manifest = await readManifest(store, searchSpace, run.snapshotId!);
  const pool = trainingPool(searchSpaceOf(searchSpace), manifest, await readMeasurements(store, manifest));
  const { used, left } = heldOutTargets(pool, folds[at]!.hardwareKeys);
  const plan = evaluationPlan(pool, used, settings);
  const withFit = async <T>(fitId: string, use: (predictor: Predictor) => Promise<T>): Promise<T> => {
    const predictor = await loadFit(store, searchSpace, fitId);
    try {
      return await use(predictor);
    } finally {
      await predictor.close();
    }
  };
  const scored: FoldScores['candidates'] = [];
  const others: Score[] = [];
  const hardwareOf = new Map(used.map(({ id, hardwareKey }) => [id, hardwareKey]));
  const toScore = (model: Score['model']) => (result: EvaluationResult) =>
    scoreOf(result, model, hardwareOf.get(result.target)!);
  for (const [index, { seed, folds: fits }] of candidates.entries()) {
    const methods: EvaluationPlan['methods'] = index === 0 ? ['sugarbush', 'ridge'] : ['sugarbush'];
    const { results, drawn } = await withFit(fits[at]!, async (predictor) => ({
      results: await evaluate(predictor, { ...plan, methods }),
      drawn: await predictionsForReport(predictor, { ...plan, methods }, shownScores),
    }));
    const scores = results.filter((r) => r.method === 'sugarbush').map(toScore('candidate'));
    scored.push({ seed, scores, ...drawn });
    others.push(...results.filter((r) => r.method === 'ridge').map(toScore('ridge')));
    await requireRunning(store, runId);
  }
  const championFit = champion?.folds[at];
  if (championFit !== undefined) {
    const results = await withFit(championFit, (predictor) => evaluate(predictor, { ...plan, methods: ['sugarbush'] }));
    others.push(...results.map(toScore('champion')));
  }
  const result = { fold, candidates: scored, others, notEvaluated: left };
  await writeJson(store, runFoldKey(runId, fold), result);
  return result;
}

/** @throws DomainError `invalid-predictor` where the fit is not done */
export function loadFit(store: Store, searchSpace: SearchSpaceId, fitId: string): Promise<Predictor> {
  const name = `fit '${fitId}' of '${searchSpace}'`;
  return loadStored(store, { name, keyOf: (file) => fitKey(searchSpace, fitId, file) });
}

/** The held-out targets of a fold, in turn by hardware: those that are evaluated, and the ids of the others. */
export function heldOutTargets(pool: TrainingPool, hardwareKeys: readonly string[]) {
  const most = Math.max(...evaluatedMeasurements);
  const used: PoolTarget[] = [];
  const left: string[] = [];
  const queues = hardwareKeys.map((key) => pool.targets.filter(({ hardwareKey }) => hardwareKey === key));
  for (let round = 0; queues.some((queue) => queue.length > round); round++) {
    for (const target of queues.flatMap((queue) => queue.slice(round, round + 1))) {
      const measured = (first: number, end: number): number =>
        target.latencyMs.subarray(first, end).filter((value) => !Number.isNaN(value)).length;
      const enough =
        measured(0, Math.min(pool.trained, supportRows)) >= most &&
        measured(pool.trained, pool.architectures.length) >= fewestTestRows;
      if (enough && used.length < mostFoldTargets) used.push(target);
      else left.push(target.id);
    }
  }
  return { used, left };
}

/** How held-out targets are evaluated: numbers of measurements, selections, draws, and rows that no fit was trained
 * on. */
export function evaluationPlan(
  pool: TrainingPool,
  targets: readonly PoolTarget[],
  { repeats }: RunRecord['settings'],
): Omit<EvaluationPlan, 'methods'> {
  const rows = (first: number, end: number): number[] => Array.from({ length: end - first }, (_, i) => first + i);
  const tested = rows(pool.trained, pool.architectures.length);
  return {
    architectures: pool.architectures,
    targets,
    supportRows: rows(0, Math.min(pool.trained, supportRows)),
    testRows: tested,
    allRows: tested,
    measurements: evaluatedMeasurements,
    selections: ['random', 'chosen'],
    repeats,
    seed: 1,
  };
}
