// The honest yardstick: adapt a trained predictor to targets it has not seen, from a few of their measurements, and
// score it on architectures it has not seen. Nothing of a test target but its k measurements reaches the predictor.
import { DomainError } from '#core/errors.ts';
import { adaptCalibrated } from '#core/predictor/adaptation/calibrate.ts';
import { forwardRows } from '#core/predictor/adaptation/leave-one-out.ts';
import { predictLatencies } from '#core/predictor/adaptation/posterior-predictive.ts';
import { selectSupportSet } from '#core/predictor/adaptation/select-support-set.ts';
import type { Forward, Predictor } from '#core/predictor/types.ts';
import { seededRandom } from '#core/random.ts';
import { searchSpace } from '#core/search-space/registry.ts';
import type { Architecture } from '#core/search-space/search-space.ts';
import type { Workload } from '#core/search-space/workload.ts';
import { type ChoiceColumns, choiceColumns } from './choice-columns.ts';
import { type Accuracy, accuracy, type PredictedRange } from './metrics.ts';
import { columnMoments, ridgeRegression } from './ridge.ts';

export type Selection = 'random' | 'chosen';
export type Method = 'sugarbush' | 'ridge';

export interface EvaluationTarget {
  readonly id: string;
  /** One latency an architecture, NaN where there is none. */
  readonly latencyMs: Float64Array;
}

export interface EvaluationPlan {
  readonly workload: Workload;
  readonly architectures: readonly Architecture[];
  readonly targets: readonly EvaluationTarget[];
  /** Rows from which support sets are drawn. */
  readonly supportRows: readonly number[];
  /** Rows over which the trimmed rank correlation is taken. */
  readonly testRows: readonly number[];
  /** Rows over which everything else is taken. */
  readonly allRows: readonly number[];
  readonly measurements: readonly number[];
  readonly selections: readonly Selection[];
  /** Random draws a target; a chosen set is one. */
  readonly repeats: number;
  readonly seed: number;
  readonly methods: readonly Method[];
  /** Share of measurements that adaptation holds for outliers beforehand. */
  readonly outlierShare?: number;
  /** Told of every draw that is scored, and before the first. */
  readonly onProgress?: (done: number, total: number) => void;
}

export interface EvaluationResult extends Accuracy {
  readonly method: Method;
  readonly target: string;
  readonly measurements: number;
  readonly selection: Selection;
  readonly repeats: number;
}

/** Candidates for a chosen support set: the first of the support rows. */
const mostCandidates = 900;

/** Scores each method on each target of a plan, for every number of measurements and selection, in that order.
 * @throws DomainError `too-few-measurements` where a target has fewer usable latencies than asked for */
export async function evaluate(predictor: Predictor, plan: EvaluationPlan): Promise<EvaluationResult[]> {
  const forward = await predictor.forward([plan]);
  const order = plan.selections.includes('chosen') ? await supportOrder(predictor, plan) : [];
  const space = searchSpace(plan.workload.searchSpace);
  const columns = plan.methods.includes('ridge') ? choiceColumns(space, plan.architectures) : undefined;
  const results: EvaluationResult[] = [];
  const total = drawsOf(plan);
  let done = 0;
  plan.onProgress?.(done, total);
  for (const measurements of plan.measurements) {
    for (const selection of plan.selections) {
      for (const target of plan.targets) {
        const own = selection === 'chosen' ? await supportOrderOf(predictor, plan, target, order) : order;
        const supports = supportSets(plan, target, measurements, selection, own);
        const scored = scoredRows(plan, target);
        const asked = forwardRows(forward, scored);
        for (const method of plan.methods) {
          const scores = supports.map((support) => {
            const latencyMs = Float64Array.from(support, (row) => target.latencyMs[row]!);
            const predicted =
              method === 'sugarbush'
                ? inRows(forward.count, scored, adapted(predictor, forward, plan, support, latencyMs, asked))
                : baseline(columns!, support, latencyMs);
            const own = accuracy(target.latencyMs, predicted, { trimmed: plan.testRows, all: plan.allRows });
            if (method === plan.methods[0]) plan.onProgress?.(++done, total);
            return own;
          });
          const repeats = supports.length;
          results.push({ method, target: target.id, measurements, selection, repeats, ...meanAccuracy(scores) });
        }
      }
    }
  }
  return results;
}

/** Draws of measurements that a plan scores: a chosen set is one for each target. */
export function drawsOf({
  measurements,
  selections,
  targets,
  repeats,
}: Pick<EvaluationPlan, 'measurements' | 'selections' | 'repeats'> & { readonly targets: readonly unknown[] }): number {
  const ofTarget = selections.reduce((sum, selection) => sum + (selection === 'chosen' ? 1 : repeats), 0);
  return measurements.length * ofTarget * targets.length;
}

/** Rows in the order in which to measure them, with some to spare for those that a target lacks. */
export function supportOrder(predictor: Predictor, plan: EvaluationPlan): Promise<number[]> {
  return orderAmong(predictor, plan, plan.supportRows);
}

/** The common order as long as it holds enough rows that the target has, else one of the rows it has. */
export async function supportOrderOf(
  predictor: Predictor,
  plan: EvaluationPlan,
  { latencyMs }: EvaluationTarget,
  common: readonly number[],
): Promise<readonly number[]> {
  const measured = (row: number): boolean => !Number.isNaN(latencyMs[row]);
  if (common.filter(measured).length >= Math.max(...plan.measurements)) return common;
  return orderAmong(predictor, plan, plan.supportRows.filter(measured));
}

async function orderAmong(predictor: Predictor, plan: EvaluationPlan, rows: readonly number[]): Promise<number[]> {
  const connected = (row: number): boolean =>
    searchSpace(plan.workload.searchSpace).isConnected(plan.architectures[row]!);
  const candidates = rows.slice(0, mostCandidates).filter(connected);
  const count = Math.min(Math.max(...plan.measurements) + 5, candidates.length);
  const set = await selectSupportSet(
    predictor,
    [{ workload: plan.workload, architectures: candidates.map((row) => plan.architectures[row]!) }],
    count,
  );
  return set.indices.map((i) => candidates[i]!);
}

/**
 * Draws depend on the seed and the repeat only: targets that have all rows are measured at the same architectures.
 * @throws DomainError `too-few-measurements` where the target has fewer usable latencies than asked for
 */
export function supportSets(
  plan: EvaluationPlan,
  target: EvaluationTarget,
  measurements: number,
  selection: Selection,
  order: readonly number[],
): number[][] {
  const firstMeasured = (rows: readonly number[]): number[] => {
    const measured = rows.filter((row) => !Number.isNaN(target.latencyMs[row]));
    if (measured.length >= measurements) return measured.slice(0, measurements);
    const there = `${measured.length} of the ${selection === 'chosen' ? 'connected ' : ''}architectures to measure`;
    const message = `target '${target.id}' has a usable latency for ${there}; ${measurements} are asked for`;
    throw new DomainError('too-few-measurements', message);
  };
  if (selection === 'chosen') return [firstMeasured(order)];
  return Array.from({ length: plan.repeats }, (_, repeat) => {
    const random = seededRandom(plan.seed * 1000 + repeat);
    const shuffled = random.choose(plan.supportRows.length, plan.supportRows.length);
    return firstMeasured(Array.from(shuffled, (i) => plan.supportRows[i]!));
  });
}

/** The baseline's predictions, from the measurements of `support` and the choices of all architectures. */
function baseline(
  { features, width }: ChoiceColumns,
  support: readonly number[],
  latencyMs: Float64Array,
): PredictedRange {
  return ridgeRegression(features, columnMoments(features, width), support, latencyMs);
}

/** Rows of the plan that are scored on a target: of a long table it may have few. */
function scoredRows({ testRows, allRows }: EvaluationPlan, { latencyMs }: EvaluationTarget): number[] {
  return [...new Set([...testRows, ...allRows])].filter((row) => !Number.isNaN(latencyMs[row])).sort((a, b) => a - b);
}

/** Predictions of these rows as ones of all, NaN in the others. */
function inRows(count: number, rows: readonly number[], predicted: PredictedRange): PredictedRange {
  const spread = (values: Float64Array): Float64Array => {
    const all = new Float64Array(count).fill(Number.NaN);
    for (const [i, row] of rows.entries()) all[row] = values[i]!;
    return all;
  };
  const { latencyMs, lowMs, highMs } = predicted;
  return { latencyMs: spread(latencyMs), lowMs: spread(lowMs), highMs: spread(highMs) };
}

function adapted(
  { parameters, identity }: Predictor,
  forward: Forward,
  { outlierShare }: EvaluationPlan,
  support: readonly number[],
  latencyMs: Float64Array,
  asked: Forward,
): PredictedRange {
  const options = outlierShare === undefined ? {} : { outlierShare };
  const adaptation = adaptCalibrated(parameters, identity.hash, forwardRows(forward, support), latencyMs, options);
  return predictLatencies(adaptation, parameters.lowerings, asked);
}

/** The mean of each measure over several scores; NaN where there are none. */
export function meanAccuracy(scores: readonly Accuracy[]): Accuracy {
  const mean = (key: keyof Accuracy): number => scores.reduce((sum, s) => sum + s[key], 0) / scores.length;
  return {
    spearmanTrimmed: mean('spearmanTrimmed'),
    spearman: mean('spearman'),
    within5: mean('within5'),
    within10: mean('within10'),
    medianApe: mean('medianApe'),
    coverage90: mean('coverage90'),
  };
}
