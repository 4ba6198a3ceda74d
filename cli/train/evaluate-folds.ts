// How well the training of the shipped predictor does on hardware that it has not seen: the same fit without a part of
// the hardware, which it is scored on then, for each part in turn.
import { loadPredictor } from '#core/predictor/bundle.ts';
import { evaluate } from '#core/predictor/evaluation/held-out-evaluation.ts';
import type { EpisodeData } from '#core/predictor/fitting/episodes.ts';
import { fitKernelPredictor } from '#core/predictor/fitting/fit-predictor.ts';
import { defaultLowerings } from '#core/predictor/hypotheses.ts';
import type { Predictor } from '#core/predictor/types.ts';
import type { Coverage, Evaluation, HeldOutPredictions, Score } from '#core/predictors/card.ts';
import { heldOutTargets, shownScores, tasksOf } from '#core/training/evaluation/evaluate-fold.ts';
import { decide } from '#core/training/evaluation/promotion-rule.ts';
import { predictionsForReport } from '#core/training/evaluation/report-predictions.ts';
import { scoreOf } from '#core/training/evaluation/score-of.ts';
import { type CountedGraphs, episodeData } from '#core/training/fits/episode-data.ts';
import type { TrainingPool } from '#core/training/snapshot/training-pool.ts';

/** Hardware is dealt out to so many folds, in the order of the tables. */
export const foldCount = 4;
const repeats = 5;

export interface FoldsOptions {
  readonly seed: number;
  /** Undefined: as many as a predictor wants. */
  readonly steps: number | undefined;
  /** With rows to be tested on. */
  readonly pool: TrainingPool;
  readonly graphs: readonly CountedGraphs[];
  readonly signal: AbortSignal;
  /** @param share of the fold's fit and scoring that is done, 0 to 1 */
  readonly onProgress: (fold: number, share: number) => void;
}

export interface FoldsEvaluation {
  readonly evaluation: Evaluation;
  readonly predictions: HeldOutPredictions;
}

interface FoldScores {
  readonly scores: Score[];
  readonly coverage: Coverage[];
  readonly predictions: HeldOutPredictions;
  readonly notEvaluated: readonly string[];
}

/** Share of a fold's time that its fit takes. */
const fitShare = 0.5;

/** Scores on every target of the pool with enough measurements beyond those that are learned from. */
export async function evaluateFolds(options: FoldsOptions): Promise<FoldsEvaluation> {
  const { pool, onProgress } = options;
  const keys = [...new Set(pool.sets.flatMap(({ columns }) => columns.map(({ hardwareKey }) => hardwareKey)))];
  const folds: FoldScores[] = [];
  for (let fold = 0; fold < foldCount; fold++) {
    const heldOut = keys.filter((_, at) => at % foldCount === fold);
    folds.push(await evaluateFold(heldOut, { ...options, onProgress: (share) => onProgress(fold, share) }));
    onProgress(fold, 1);
  }
  const scores = folds.flatMap((own) => own.scores);
  const of = (model: Score['model']): Score[] => scores.filter((score) => score.model === model);
  const evaluation: Evaluation = {
    protocol:
      `The ${keys.length} devices of the shipped tables were held out in ${foldCount} groups, one group at a time. ` +
      'Of each target the predictor got as many measurements as stated, chosen by it or drawn at random (mean of ' +
      `${repeats} draws), and is scored on architectures that nobody was trained on.`,
    folds: foldCount,
    shown: shownScores,
    scores,
    differences: [...decide(of('candidate'), of('ridge'), 'ridge').differences],
    coverage: folds.flatMap((own) => own.coverage),
    notEvaluated: folds.flatMap((own) => own.notEvaluated).sort(),
  };
  return { evaluation, predictions: folds.flatMap((own) => own.predictions) };
}

/** What a fit learns from without some hardware: neither a table's columns nor graphs' latencies on it. */
export function dataWithout(
  { pool, graphs }: Pick<FoldsOptions, 'pool' | 'graphs'>,
  heldOut: readonly string[],
): EpisodeData {
  const columns = pool.sets.flatMap((set) => set.columns);
  const ids = new Set(columns.flatMap(({ target, hardwareKey }) => (heldOut.includes(hardwareKey) ? [target] : [])));
  const others = graphs.map((own) => ({ ...own, targets: own.targets.filter(({ id }) => !ids.has(id)) }));
  return episodeData(pool, defaultLowerings, { heldOut, only: null }, others);
}

interface FoldOptions extends Omit<FoldsOptions, 'onProgress'> {
  readonly onProgress: (share: number) => void;
}

async function evaluateFold(heldOut: readonly string[], options: FoldOptions): Promise<FoldScores> {
  const { pool, seed, steps, signal, onProgress } = options;
  const bundle = await fitKernelPredictor({
    data: dataWithout(options, heldOut),
    seed,
    ...(steps !== undefined && { steps }),
    signal,
    onProgress: ({ step, steps: all }) => onProgress((fitShare * step) / all),
  });
  const predictor = await loadPredictor(bundle);
  try {
    return await scoreFold(predictor, pool, heldOut, (share) => onProgress(fitShare + (1 - fitShare) * share));
  } finally {
    await predictor.close();
  }
}

async function scoreFold(
  predictor: Predictor,
  pool: TrainingPool,
  heldOut: readonly string[],
  onProgress: (share: number) => void,
): Promise<FoldScores> {
  const { used, left } = heldOutTargets(pool, heldOut);
  const hardwareOf = new Map(used.map(({ column }) => [column.target, column.hardwareKey]));
  const tasks = pool.sets.flatMap((set) =>
    tasksOf(
      used.filter((held) => held.set === set),
      { repeats },
    ),
  );
  const own: FoldScores = { scores: [], coverage: [], predictions: [], notEvaluated: left };
  for (const [at, task] of tasks.entries()) {
    const plan = { ...task, methods: ['sugarbush', 'ridge'] as const };
    const results = await evaluate(predictor, plan);
    const drawn = await predictionsForReport(predictor, plan, shownScores);
    own.scores.push(
      ...results.map((result) => {
        const model = result.method === 'ridge' ? 'ridge' : 'candidate';
        return scoreOf(result, model, hardwareOf.get(result.target)!, task.workload);
      }),
    );
    own.coverage.push(...drawn.coverage);
    own.predictions.push(...drawn.predictions);
    onProgress((at + 1) / tasks.length);
  }
  return own;
}
