// What `sugarbush evaluate-profiles` prints: means over targets first, then each.
import type { ProfileScore } from './evaluate-profiles.ts';
import { plainTable } from './plain-table.ts';

const columns = ['within10', 'within20', 'medianApe', 'coverage90'] as const;
const header = [
  'target',
  'kind',
  'kinds',
  'measured',
  'descriptor',
  '±10 %',
  '±20 %',
  'median error',
  'covered',
  'predictions',
];

/** Means over targets, then each target; columns of text. */
export function profileScoresToTable(scores: readonly ProfileScore[]): string {
  const cases = Map.groupBy(scores, (s) => `${s.measurements} ${s.descriptor} ${s.kinds} ${s.kind}`);
  const means = [...cases.values()].map((own): ProfileScore => {
    const mean = (key: (typeof columns)[number]): number => own.reduce((sum, s) => sum + s[key], 0) / own.length;
    const predictions = own.reduce((sum, s) => sum + s.predictions, 0);
    const means = { within10: mean('within10'), within20: mean('within20'), medianApe: mean('medianApe') };
    return { ...own[0]!, target: `MEAN of ${own.length}`, ...means, coverage90: mean('coverage90'), predictions };
  });
  const rows = [...means, ...scores].map((score) => [
    score.target,
    score.kind,
    score.kinds,
    String(score.measurements),
    score.descriptor ? 'with' : 'without',
    ...columns.map((column) => score[column].toFixed(3)),
    String(score.predictions),
  ]);
  return plainTable(header, rows);
}
