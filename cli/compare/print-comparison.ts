// What a comparison prints: tables for people, one object for programs.
import { textTable } from '#cli/shipped-targets/text-table.ts';
import type { ComparisonResult } from '#core/predictor/evaluation/compare-methods.ts';
import { poolIds, poolTitle } from './pools.ts';

const measures = ['spearman', 'within1', 'within5', 'within10', 'medianApe'] as const;
type Measure = (typeof measures)[number];

interface Mean {
  readonly pool: string;
  readonly method: string;
  readonly measurements: number;
  readonly targets: number;
  /** Seeds times draws. */
  readonly runs: number;
  /** Over targets and runs. */
  readonly mean: Readonly<Record<Measure, number>>;
  /** Standard deviation over runs of the mean over targets; null where there is one run. */
  readonly spread: Readonly<Record<Measure, number>> | null;
}

const average = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

function deviation(values: readonly number[]): number {
  const centre = average(values);
  return Math.sqrt(values.reduce((sum, value) => sum + (value - centre) ** 2, 0) / (values.length - 1));
}

const ofEach = (value: (measure: Measure) => number): Record<Measure, number> =>
  Object.fromEntries(measures.map((measure) => [measure, value(measure)])) as Record<Measure, number>;

/** One a pool, number of measurements and method. */
export function comparisonMeans(results: readonly ComparisonResult[]): Mean[] {
  const groups = Map.groupBy(results, (r) => `${r.pool} ${r.measurements} ${r.method}`);
  return [...groups.values()].map((group) => {
    const { pool, method, measurements } = group[0]!;
    const runs = [...Map.groupBy(group, ({ seed, draw }) => `${seed} ${draw}`).values()];
    const ofRuns = (measure: Measure): number[] => runs.map((run) => average(run.map((r) => r[measure])));
    return {
      pool,
      method,
      measurements,
      targets: new Set(group.map(({ target }) => target)).size,
      runs: runs.length,
      mean: ofEach((measure) => average(group.map((r) => r[measure]))),
      spread: runs.length > 1 ? ofEach((measure) => deviation(ofRuns(measure))) : null,
    };
  });
}

/** The object of `--json`: means, and every single result. */
export const comparisonToJson = (results: readonly ComparisonResult[]): object => ({
  schemaVersion: 1,
  means: comparisonMeans(results),
  results,
});

/** Tables of each pool: means over targets, then each target; methods that learn from no target of the fleet stand in
 * all of them. */
export function comparisonToText(results: readonly ComparisonResult[]): string {
  const without = results.filter(({ pool }) => pool === 'none');
  const pools = poolIds.filter((id) => results.some(({ pool }) => pool === id));
  const parts = pools.map((id) => {
    const own = [...without, ...results.filter(({ pool }) => pool === id)];
    return [`pool ${id}: ${poolTitle(id)}`, ...tablesOf(own)].join('\n\n');
  });
  return (pools.length === 0 ? tablesOf(without).join('\n\n') : parts.join('\n\n\n')).concat('\n');
}

const tablesOf = (results: readonly ComparisonResult[]): string[] => [
  meansText(results),
  ...byTarget(results),
  ...wins(results),
];

const percent = (share: number): string => (100 * share).toFixed(1);
const decimals = (value: number): string => (Number.isNaN(value) ? '–' : value.toFixed(3).replace(/^(-?)0\./, '$1.'));

function meansText(results: readonly ComparisonResult[]): string {
  const header = ['k', 'method', 'runs', 'Spearman', '±1 %', '±5 %', '±10 %', 'median error'];
  const rows = comparisonMeans(results)
    .toSorted((a, b) => a.measurements - b.measurements)
    .map(({ measurements, method, runs, mean, spread }) => {
      const told = (measure: Measure, word: (value: number) => string): string =>
        spread === null || Number.isNaN(mean[measure])
          ? word(mean[measure])
          : `${word(mean[measure])} ± ${word(spread[measure])}`;
      const shares = (['within1', 'within5', 'within10', 'medianApe'] as const).map((measure) =>
        told(measure, percent),
      );
      return [String(measurements), method, String(runs), told('spearman', decimals), ...shares];
    });
  const title = 'means over targets ± standard deviation over draws and seeds; shares and errors in %';
  return `${title}\n${textTable([header, ...rows]).trimEnd()}`;
}

/** One table a number of measurements: share within ±10 % and median error of each target under each method. */
function byTarget(results: readonly ComparisonResult[]): string[] {
  const counts = Map.groupBy(results, ({ measurements }) => measurements);
  return [...counts]
    .toSorted(([a], [b]) => a - b)
    .map(([count, own]) => {
      const methods = [...new Set(own.map(({ method }) => method))];
      const rows = [...Map.groupBy(own, ({ target }) => target)].map(([target, ofTarget]) => [
        target,
        ...methods.map((method) => {
          const cell = ofTarget.filter((r) => r.method === method);
          return `${percent(average(cell.map((r) => r.within10)))} (${percent(average(cell.map((r) => r.medianApe)))})`;
        }),
      ]);
      return `k = ${count}: within ±10 % (median error), %\n${textTable([['target', ...methods], ...rows]).trimEnd()}`;
    });
}

/** Where another method has a lower median error than Sugarbush from the same measurements; nothing where Sugarbush is
 * not among the methods. */
function wins(results: readonly ComparisonResult[]): string[] {
  const cells = Map.groupBy(results, (r) => `k = ${r.measurements}, ${r.target}`);
  const errorOf = (cell: readonly ComparisonResult[], method: string): number =>
    average(cell.filter((r) => r.method === method).map(({ medianApe }) => medianApe));
  const lines = [...cells].flatMap(([cell, own]) => {
    const ours = errorOf(own, 'sugarbush');
    const others = [...new Set(own.map(({ method }) => method))].filter((method) => !method.startsWith('sugarbush'));
    return others
      .filter((method) => errorOf(own, method) < ours)
      .map((method) => `${cell}: ${method} ${percent(errorOf(own, method))} %, sugarbush ${percent(ours)} %`);
  });
  if (!results.some(({ method }) => method === 'sugarbush')) return [];
  const title = 'lower median error than sugarbush from as many drawn measurements:';
  return [lines.length === 0 ? `${title} nowhere` : `${title}\n${lines.join('\n')}`];
}
