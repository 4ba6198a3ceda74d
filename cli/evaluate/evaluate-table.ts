// One evaluation: a predictor trained with one seed on the training targets and rows, scored on the test targets.
import type { EvaluateOptions } from '#cli/commands/evaluate.ts';
import { exclusionLines, readTable } from '#cli/read-table.ts';
import { joinTables } from '#core/dataset/join-tables.ts';
import type { LatencyTable } from '#core/dataset/table.ts';
import { loadPredictor } from '#core/predictor/bundle.ts';
import { fitKernelPredictor } from '#core/predictor/fitting/fit-predictor.ts';
import type { Rows } from './default-splits.ts';
import type { EvaluationProgress } from './evaluation-progress.ts';
import type { Run } from './print-runs.ts';
import { evaluateTablePlan, tableEpisodes } from './table-networks.ts';

/** @param note takes what was left out, a line each
 * @throws DomainError `invalid-table` */
export function readTables({ files, searchSpace }: EvaluateOptions, note: (line: string) => void): LatencyTable {
  const table = joinTables(files.map((file) => readTable(file, searchSpace)));
  for (const line of exclusionLines(table)) note(line);
  return table;
}

const rowNumbers = ({ first, last }: Rows): number[] => Array.from({ length: last - first + 1 }, (_, i) => first + i);

/** @param progress is told how far it is
 * @throws DomainError when a target has too few measurements (`checkPlan` sees that before) */
export async function evaluateTable(
  table: LatencyTable,
  options: EvaluateOptions,
  seed: number,
  progress: EvaluationProgress,
): Promise<Run> {
  const { fitted, scored } = progress.seed(seed);
  const trainRows = rowNumbers(options.trainRows);
  const column = (id: string) => table.targets.find((t) => t.id === id)!;
  const started = performance.now();
  const bundle = await fitKernelPredictor({
    data: tableEpisodes(table, options.train, trainRows),
    seed,
    steps: options.steps,
    onStep: fitted,
  });
  const trainSeconds = (performance.now() - started) / 1000;
  scored(0);
  const predictor = await loadPredictor(bundle);
  const after = { first: options.trainRows.last + 1, last: table.architectures.length - 1 };
  const results = await evaluateTablePlan(predictor, table, {
    targets: options.test.map(column),
    supportRows: trainRows,
    testRows: rowNumbers(options.testRows),
    allRows: rowNumbers(after),
    measurements: options.measurements,
    selections: options.selections,
    repeats: options.repeats,
    seed,
    methods: options.methods,
    outlierShare: options.outlierShare,
    onProgress: scored,
  });
  await predictor.close();
  return { searchSpace: options.searchSpace, seed, trainSeconds, results };
}
