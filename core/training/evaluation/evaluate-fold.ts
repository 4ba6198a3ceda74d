// Use case: score candidates, champion and ridge regression on the hardware of one fold, which none of them has seen:
// on the same targets, with the same random draws of measurements, on architectures that nobody was trained on.
import * as z from 'zod';
import {
  type EvaluationPlan,
  type EvaluationResult,
  evaluate,
} from '#core/predictor/evaluation/held-out-evaluation.ts';
import type { Predictor } from '#core/predictor/types.ts';
import {
  type Coverage,
  coverageSchema,
  type HeldOutPredictions,
  heldOutPredictionsSchema,
  type Score,
  scoreSchema,
} from '#core/predictors/card.ts';
import { loadStored } from '#core/predictors/load-stored.ts';
import { type Workload, workloadKey, workloadTitle } from '#core/search-space/workload.ts';
import type { Store } from '#core/store/store.ts';
import { writeJson } from '#core/store/stored-json.ts';
import { planOf } from '#core/training/fits/plan-fits.ts';
import { fitKey, runFoldKey, runScoringKey } from '#core/training/keys.ts';
import { type RunRecord, requireRunning } from '#core/training/runs/run-record.ts';
import { evaluatedMeasurements } from '#core/training/runs/run-settings.ts';
import { readManifest, readMeasurements } from '#core/training/snapshot/snapshot.ts';
import {
  type PoolColumn,
  type PoolSet,
  type TrainingPool,
  trainingPool,
  workloadOfColumn,
} from '#core/training/snapshot/training-pool.ts';
import { predictionsForReport } from './report-predictions.ts';
import { scoreOf } from './score-of.ts';

/** Targets of a fold, each with one workload, that are evaluated, in turn by hardware and search space: time and memory
 * of a step are bounded. */
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
  const { folds, candidates, champion } = await planOf(store, run, run.championBefore);
  const at = folds.findIndex((each) => each.fold === fold);
  const manifest = await readManifest(store, run.snapshotId!);
  const pool = trainingPool(manifest, await readMeasurements(store, manifest));
  const { used, left } = heldOutTargets(pool, folds[at]!.hardwareKeys);
  const tasks = tasksOf(used, run.settings);
  const withFit = async <T>(fitId: string, use: (predictor: Predictor) => Promise<T>): Promise<T> => {
    const predictor = await loadFit(store, fitId);
    try {
      return await use(predictor);
    } finally {
      await predictor.close();
    }
  };
  const models = candidates.length + (champion?.folds[at] === undefined ? 0 : 1);
  let done = 0;
  /** Between two evaluations (one a model and workload): looks whether the run is still wanted, and says how far it
   * is. */
  const pause = async (): Promise<void> => {
    await requireRunning(store, runId);
    await writeJson(store, runScoringKey(runId, fold), { done: ++done, total: models * tasks.length });
  };
  const scored: FoldScores['candidates'] = [];
  const others: Score[] = [];
  const hardwareOf = new Map(used.map(({ column }) => [column.target, column.hardwareKey]));
  const toScore = (model: Score['model'], workload: Workload) => (result: EvaluationResult) =>
    scoreOf(result, model, hardwareOf.get(result.target)!, workload);
  for (const [index, { seed, folds: fits }] of candidates.entries()) {
    const methods: EvaluationPlan['methods'] = index === 0 ? ['sugarbush', 'ridge'] : ['sugarbush'];
    const own = { seed, scores: [] as Score[], coverage: [] as Coverage[], predictions: [] as HeldOutPredictions };
    await withFit(fits[at]!, async (predictor) => {
      for (const task of tasks) {
        const results = await evaluate(predictor, { ...task, methods });
        const drawn = await predictionsForReport(predictor, { ...task, methods }, shownScores);
        const of = (method: EvaluationResult['method']) => results.filter((result) => result.method === method);
        own.scores.push(...of('sugarbush').map(toScore('candidate', task.workload)));
        own.coverage.push(...drawn.coverage);
        own.predictions.push(...drawn.predictions);
        others.push(...of('ridge').map(toScore('ridge', task.workload)));
        await pause();
      }
    });
    scored.push(own);
  }
  const championFit = champion?.folds[at];
  if (championFit !== undefined) {
    await withFit(championFit, async (predictor) => {
      for (const task of tasks) {
        const results = await evaluate(predictor, { ...task, methods: ['sugarbush'] });
        others.push(...results.map(toScore('champion', task.workload)));
        await pause();
      }
    });
  }
  const result = { fold, candidates: scored, others, notEvaluated: left };
  await writeJson(store, runFoldKey(runId, fold), result);
  return result;
}

/** @throws DomainError `invalid-predictor` where the fit is not done */
export function loadFit(store: Store, fitId: string): Promise<Predictor> {
  return loadStored(store, { name: `fit '${fitId}'`, keyOf: (file) => fitKey(fitId, file) });
}

export interface HeldOutColumn {
  readonly set: PoolSet;
  readonly column: PoolColumn;
}

/** Divides a fold, in turn by hardware and set, into what is evaluated and what is not: targets with their workload. */
export function heldOutTargets(pool: TrainingPool, hardwareKeys: readonly string[]) {
  const used: HeldOutColumn[] = [];
  const left: string[] = [];
  const queues = hardwareKeys.flatMap((key) =>
    pool.sets.map((set) => set.columns.flatMap((column) => (column.hardwareKey === key ? [{ set, column }] : []))),
  );
  for (let round = 0; queues.some((queue) => queue.length > round); round++) {
    for (const held of queues.flatMap((queue) => queue.slice(round, round + 1))) {
      if (hasEnough(held) && used.length < mostFoldTargets) used.push(held);
      else left.push(`${held.column.target} (${workloadTitle(workloadOfColumn(held.set, held.column))})`);
    }
  }
  return { used, left };
}

/** Chosen measurements are drawn among connected architectures alone. */
function hasEnough({ set: { space, architectures, trained }, column: { latencyMs } }: HeldOutColumn): boolean {
  const measured = (first: number, end: number): number[] =>
    Array.from({ length: end - first }, (_, i) => first + i).filter((row) => !Number.isNaN(latencyMs[row]));
  const support = measured(0, Math.min(trained, supportRows)).filter((row) => space.isConnected(architectures[row]!));
  return (
    support.length >= Math.max(...evaluatedMeasurements) &&
    measured(trained, architectures.length).length >= fewestTestRows
  );
}

/** One evaluation for each workload. */
export function tasksOf(
  used: readonly HeldOutColumn[],
  { repeats }: Pick<RunRecord['settings'], 'repeats'>,
): Omit<EvaluationPlan, 'methods'>[] {
  const byWorkload = new Map<string, HeldOutColumn[]>();
  for (const held of used) {
    const key = workloadKey(workloadOfColumn(held.set, held.column));
    byWorkload.set(key, [...(byWorkload.get(key) ?? []), held]);
  }
  return [...byWorkload.values()].map((columns) => {
    const { set, column } = columns[0]!;
    const rows = (first: number, end: number): number[] => Array.from({ length: end - first }, (_, i) => first + i);
    const support = rows(0, Math.min(set.trained, supportRows));
    const used = [...support, ...rows(set.trained, set.architectures.length)];
    const tested = rows(support.length, used.length);
    return {
      workload: workloadOfColumn(set, column),
      architectures: used.map((row) => set.architectures[row]!),
      targets: columns.map(({ column: { target, latencyMs } }) => ({
        id: target,
        latencyMs: Float64Array.from(used, (row) => latencyMs[row]!),
      })),
      supportRows: support,
      testRows: tested,
      allRows: tested,
      measurements: evaluatedMeasurements,
      selections: ['random', 'chosen'],
      repeats,
      seed: 1,
    };
  });
}
