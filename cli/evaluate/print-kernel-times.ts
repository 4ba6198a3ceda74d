// What `sugarbush evaluate-kernel-times` prints: what was learned, each target and the means, and shares by group.
import { meanAccuracy } from '#core/predictor/evaluation/held-out-evaluation.ts';
import type { KernelTimesEvaluation, ProfiledScore } from './evaluate-kernel-times.ts';
import { plainTable } from './plain-table.ts';

const columns = ['within5', 'within10', 'medianApe', 'spearman', 'coverage90'] as const;
const titles = ['±5 %', '±10 %', 'median error', 'Spearman', '90 % interval covers'];

/** Three tables. */
export function kernelTimesToTables({ learned, scores, agreement }: KernelTimesEvaluation): string {
  const groups = learned.map(({ without, groups: { deviation, restDeviation, noise } }) => [
    without,
    ...[deviation, restDeviation, noise].map((value) => value.toFixed(2)),
  ]);
  const byCase = Map.groupBy(scores, (s) => `${s.measurements} ${s.selection} ${s.kernelTimes}`);
  const means = [...byCase.values()].map(
    (group): ProfiledScore => ({ ...group[0]!, target: 'MEAN', ...meanAccuracy(group) }),
  );
  const rows = [...scores, ...means].map((score) => [
    score.target,
    String(score.measurements),
    score.selection,
    score.kernelTimes ? 'with' : 'without',
    ...columns.map((column) => score[column].toFixed(3)),
  ]);
  const shares = agreement.flatMap(({ target, agreement: { meanDifference, spearman, groups: own } }) => [
    [target, 'all', '', '', meanDifference.toFixed(3), spearman.toFixed(3)],
    ...own.map((group) => [
      target,
      group.group,
      ...[group.predicted, group.measured, group.meanDifference].map((value) => value.toFixed(3)),
      '',
    ]),
  ]);
  const groupHeader = ['without', 'deviation', 'deviation of the rest', 'noise'];
  const shareHeader = ['target', 'kernels', 'predicted', 'profiler', 'mean difference', 'Spearman'];
  return [
    ...titled('A group of kernels by the profiler against a lowering, ln, learned', groupHeader, groups),
    plainTable(['target', 'measurements', 'selection', 'kernel times', ...titles], rows),
    ...titled(
      'Shares of a run, predicted from ten networks without kernel times and by the profiler',
      shareHeader,
      shares,
    ),
  ].join('\n');
}

/** Nothing for no rows. */
const titled = (title: string, header: readonly string[], rows: readonly (readonly string[])[]): string[] =>
  rows.length === 0 ? [] : ['', title, plainTable(header, rows), ''];
