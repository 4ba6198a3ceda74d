// What an evaluation over sets of graphs prints: a table for people, one object for programs.
import { meanOf, type NetworkEvaluationResult } from '#core/predictor/evaluation/evaluate-networks.ts';
import type { GraphRun } from './evaluate-graphs.ts';

type MeanRow = Omit<NetworkEvaluationResult, 'target'>;

/** Means over targets, one row a number of measurements and selection. */
function meansOf(results: readonly NetworkEvaluationResult[]): MeanRow[] {
  const groups = Map.groupBy(results, (r) => `${r.measurements} ${r.selection}`);
  return [...groups.values()].map((group) => {
    const { measurements, selection, families, repeats } = group[0]!;
    return { measurements, selection, families, repeats, ...meanOf(group) };
  });
}

/** The object of `--json`: one run, or several seeds' under `runs`. */
export function graphRunsToJson(runs: readonly GraphRun[]): object {
  const [first, ...others] = runs.map((run) => ({ ...run, mean: meansOf(run.results) }));
  if (others.length === 0) return first!;
  const { measuredIn, testedOn } = first!;
  return { measuredIn, testedOn, seeds: runs.map(({ seed }) => seed), runs: [first!, ...others] };
}

const columns = ['spearmanTrimmed', 'spearman', 'within5', 'within10', 'within20', 'medianApe', 'coverage90'] as const;
const titles = ['Spearman trimmed', 'Spearman all', '±5 %', '±10 %', '±20 %', 'median error', '90 % interval covers'];

/** Rows of every target, then their means, in a fixed-width table. */
export function graphRunToTable({ results }: GraphRun): string {
  const header = ['target', 'measurements', 'selection', 'families', ...titles];
  const rows = [...results, ...meansOf(results).map((row) => ({ target: 'MEAN', ...row }))].map((row) => [
    row.target,
    String(row.measurements),
    row.selection,
    row.families,
    ...columns.map((column) => row[column].toFixed(3)),
  ]);
  const widths = header.map((title, i) => Math.max(title.length, ...rows.map((cells) => cells[i]!.length)));
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, i) => ([0, 2, 3].includes(i) ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!)))
      .join('  ')
      .trimEnd();
  return [line(header), ...rows.map(line)].join('\n');
}

/** Mean and standard deviation over seeds of each mean row. */
export function graphSeedsToTable(runs: readonly GraphRun[]): string {
  const means = runs.map(({ results }) => meansOf(results));
  const lines = means[0]!.map((row, i) => {
    const values = columns.map((column) => {
      const all = means.map((own) => own[i]![column]);
      const mean = all.reduce((a, b) => a + b, 0) / all.length;
      const spread = Math.sqrt(all.reduce((sum, v) => sum + (v - mean) ** 2, 0) / Math.max(all.length - 1, 1));
      return `${column} ${mean.toFixed(3)}±${spread.toFixed(3)}`;
    });
    return `k=${row.measurements} ${row.selection}: ${values.join('  ')}`;
  });
  return `mean ± standard deviation over seeds ${runs.map((r) => r.seed).join(', ')}\n${lines.join('\n')}`;
}
