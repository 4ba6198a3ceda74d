// A latency table as training and evaluation take it: its columns are targets at batch sizes, which their names say.
import { readingOf, workloadOfColumn } from '#cli/import/table-profiles.ts';
import type { LatencyTable, TargetColumn } from '#core/dataset/table.ts';
import {
  drawsOf,
  type EvaluationPlan,
  type EvaluationResult,
  evaluate,
} from '#core/predictor/evaluation/held-out-evaluation.ts';
import type { EpisodeData } from '#core/predictor/fitting/episodes.ts';
import { defaultLowerings } from '#core/predictor/hypotheses.ts';
import type { Predictor } from '#core/predictor/types.ts';
import { searchSpace } from '#core/search-space/registry.ts';
import { type Workload, workloadKey } from '#core/search-space/workload.ts';
import { episodeData } from '#core/training/fits/episode-data.ts';
import { setIdOf } from '#core/training/snapshot/training-pool.ts';

/** What a fit learns from: these columns at these rows. */
export function tableEpisodes(table: LatencyTable, columns: readonly string[], rows: readonly number[]): EpisodeData {
  const workload = workloadOfColumn(table.searchSpace);
  const column = (id: string) => table.targets.find((t) => t.id === id)!;
  const set = {
    id: setIdOf(workload),
    space: searchSpace(table.searchSpace),
    inputSize: workload.inputSize,
    architectures: rows.map((row) => table.architectures[row]!),
    trained: rows.length,
    columns: columns.map((id) => ({
      target: id,
      hardwareKey: id,
      batchSize: readingOf(column(id)).batchSize,
      latencyMs: Float64Array.from(rows, (row) => column(id).latencyMs[row]!),
    })),
  };
  return episodeData({ sets: [set] }, defaultLowerings, { heldOut: [], only: null });
}

export type TablePlan = Omit<EvaluationPlan, 'workload' | 'architectures'>;

/** One plan for each batch size, with the targets that were measured at it. */
export function plansByBatch(table: LatencyTable, plan: TablePlan): EvaluationPlan[] {
  const workloads = new Map<string, Workload>();
  const keyOf = (column: TargetColumn): string => {
    const workload = workloadOfColumn(table.searchSpace, readingOf(column).batchSize);
    workloads.set(workloadKey(workload), workload);
    return workloadKey(workload);
  };
  const targets = Map.groupBy(plan.targets, keyOf);
  return [...targets].map(([key, own]) => ({
    ...plan,
    workload: workloads.get(key)!,
    architectures: table.architectures,
    targets: own,
  }));
}

/** Results in the order of the plan's measurements, selections and targets. */
export async function evaluateTablePlan(
  predictor: Predictor,
  table: LatencyTable,
  plan: TablePlan,
): Promise<EvaluationResult[]> {
  const results: EvaluationResult[] = [];
  const total = drawsOf(plan);
  let before = 0;
  for (const own of plansByBatch(table, plan)) {
    const onProgress = (done: number): void => plan.onProgress?.(before + done, total);
    results.push(...(await evaluate(predictor, { ...own, onProgress })));
    before += drawsOf(own);
  }
  const ids = plan.targets.map(({ id }) => id);
  const place = (r: EvaluationResult): number[] => [
    plan.measurements.indexOf(r.measurements),
    plan.selections.indexOf(r.selection),
    ids.indexOf(r.target),
    plan.methods.indexOf(r.method),
  ];
  return results.toSorted((a, b) => {
    const [mine, theirs] = [place(a), place(b)];
    const at = mine.findIndex((value, i) => value !== theirs[i]);
    return at < 0 ? 0 : mine[at]! - theirs[at]!;
  });
}
