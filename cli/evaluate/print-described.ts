// What `sugarbush evaluate-descriptor` prints: what was learned without each runtime, each target, and their means.
import { meanAccuracy } from '#core/predictor/evaluation/held-out-evaluation.ts';
import type { DescriptorEvaluation, DescriptorScore } from './evaluate-descriptor.ts';
import { plainTable } from './plain-table.ts';

const columns = ['within5', 'within10', 'medianApe', 'spearman', 'coverage90'] as const;
const titles = ['±5 %', '±10 %', 'median error', 'Spearman', '90 % interval covers'];

/** Three tables. */
export function describedToTables({ learned, maps, scores }: DescriptorEvaluation): string {
  const alone = learned.map(({ without, alone: { mean, deviation, noise } }) => [
    without ?? 'none',
    ...[mean, deviation, noise].map((value) => value.toFixed(3)),
  ]);
  const means = [
    ...Map.groupBy(scores, (s) => `${s.measurements} ${s.selection} ${s.descriptor} ${s.counters}`).values(),
  ].map((group): DescriptorScore => ({ ...group[0]!, target: 'MEAN', ...meanAccuracy(group) }));
  const rows = [...scores, ...means].map((score) => [
    score.target,
    String(score.measurements),
    score.selection,
    score.counters ? 'with counters' : score.descriptor ? 'with' : 'without',
    ...columns.map((column) => score[column].toFixed(3)),
  ]);
  return [
    'An operator alone less the same in a network, ln latency, learned',
    plainTable(['without', 'mean', 'deviation', 'noise'], alone),
    '',
    'Counters: squared error of the weights of runtimes left out, over that of no map, and strength of the regression',
    plainTable(
      ['without', 'error', 'strength'],
      maps.map(({ without, leftOutError, strength }) => [
        without,
        leftOutError.toFixed(3),
        strength === null ? 'no map' : String(strength),
      ]),
    ),
    '',
    plainTable(['target', 'measurements', 'selection', 'descriptor', ...titles], rows),
  ].join('\n');
}
