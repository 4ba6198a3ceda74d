// What an evaluation prints: a table for people, one object for programs.
import { type EvaluationResult, meanAccuracy } from '#core/predictor/evaluation/held-out-evaluation.ts';

export interface Run {
  readonly searchSpace: string;
  readonly seed: number;
  readonly trainSeconds: number;
  readonly results: readonly EvaluationResult[];
}

export interface MeanRow extends Omit<EvaluationResult, 'target'> {}

/** Means over targets, one row a method, number of measurements and selection. */
export function meansOf(results: readonly EvaluationResult[]): MeanRow[] {
  const groups = Map.groupBy(results, (r) => `${r.method} ${r.measurements} ${r.selection}`);
  return [...groups.values()].map((group) => {
    const { method, measurements, selection, repeats } = group[0]!;
    return { method, measurements, selection, repeats, ...meanAccuracy(group) };
  });
}

/** The object of `--json`: one run, or several seeds' under `runs`. */
export function toJson(runs: readonly Run[]): object {
  const [first, ...others] = runs;
  if (others.length === 0) return runToJson(first!);
  return { searchSpace: first!.searchSpace, seeds: runs.map(({ seed }) => seed), runs: runs.map(runToJson) };
}

/** A baseline's results stand apart under its name. */
function runToJson(run: Run): object {
  const withoutMethod = <R extends { method: string }>(rows: readonly R[], method: string) =>
    rows.filter((r) => r.method === method).map(({ method: _, ...rest }) => rest);
  const means = meansOf(run.results);
  const baselines = [...new Set(run.results.map((r) => r.method))].filter((m) => m !== 'sugarbush');
  return {
    searchSpace: run.searchSpace,
    seed: run.seed,
    trainSeconds: run.trainSeconds,
    results: withoutMethod(run.results, 'sugarbush'),
    mean: withoutMethod(means, 'sugarbush'),
    ...(baselines.length === 0
      ? {}
      : {
          baselines: Object.fromEntries(
            baselines.map((m) => [m, { results: withoutMethod(run.results, m), mean: withoutMethod(means, m) }]),
          ),
        }),
  };
}

const columns = ['spearmanTrimmed', 'spearman', 'within5', 'within10', 'medianApe', 'coverage90'] as const;
const titles = ['Spearman trimmed', 'Spearman all', '±5 %', '±10 %', 'median error', '90 % interval covers'];

type Row = MeanRow & { readonly target?: string };

/** Rows in a fixed-width table; with several methods a column says which. */
export function toTable(rows: readonly Row[]): string {
  const several = new Set(rows.map((r) => r.method)).size > 1;
  const header = [...(several ? ['method'] : []), 'target', 'measurements', 'selection', ...titles];
  const cells = rows.map((row) => [
    ...(several ? [row.method] : []),
    row.target ?? 'MEAN',
    String(row.measurements),
    row.selection,
    ...columns.map((c) => row[c].toFixed(3)),
  ]);
  const widths = header.map((title, i) => Math.max(title.length, ...cells.map((c) => c[i]!.length)));
  const textColumns = several ? [0, 1, 3] : [0, 2];
  const line = (values: readonly string[]): string =>
    values
      .map((v, i) => (textColumns.includes(i) ? v.padEnd(widths[i]!) : v.padStart(widths[i]!)))
      .join('  ')
      .trimEnd();
  return [line(header), ...cells.map(line)].join('\n');
}

/** Mean and standard deviation over seeds of each mean row. */
export function toSeedTable(runs: readonly Run[]): string {
  const means = runs.map((run) => meansOf(run.results));
  const lines = means[0]!.map((row, i) => {
    const values = columns.map((c) => {
      const all = means.map((m) => m[i]![c]);
      const mean = all.reduce((a, b) => a + b, 0) / all.length;
      const spread = Math.sqrt(all.reduce((s, v) => s + (v - mean) ** 2, 0) / Math.max(all.length - 1, 1));
      return `${c} ${mean.toFixed(3)}±${spread.toFixed(3)}`;
    });
    return `${row.method} k=${row.measurements} ${row.selection}: ${values.join('  ')}`;
  });
  return `mean ± standard deviation over seeds ${runs.map((r) => r.seed).join(', ')}\n${lines.join('\n')}`;
}
