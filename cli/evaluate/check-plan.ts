// What the command line asks to evaluate against what the tables hold: checked before the training, which takes a
// while.
import type { EvaluateOptions } from '#cli/commands/evaluate.ts';
import type { LatencyTable } from '#core/dataset/table.ts';
import { DomainError } from '#core/errors.ts';

/** @throws DomainError `invalid-usage` naming the option or the target */
export function checkPlan(table: LatencyTable, options: EvaluateOptions): void {
  const there = table.targets.map((t) => t.id);
  for (const [option, ids] of [
    ['--train', options.train],
    ['--test', options.test],
  ] as const) {
    const missing = ids.filter((id) => !there.includes(id));
    if (missing.length > 0) {
      throw new DomainError(
        'invalid-usage',
        `${option}: no target ${missing.join(', ')}; there are ${there.join(', ')}`,
      );
    }
  }
  const both = options.test.filter((id) => options.train.includes(id));
  if (both.length > 0) throw new DomainError('invalid-usage', `${both.join(', ')} in both --train and --test`);
  const rows = table.architectures.length;
  for (const [option, { last }] of [
    ['--train-rows', options.trainRows],
    ['--test-rows', options.testRows],
  ] as const) {
    if (last >= rows) throw new DomainError('invalid-usage', `${option} ends at ${last}; the table has ${rows} rows`);
  }
  if (options.testRows.first <= options.trainRows.last && options.testRows.last >= options.trainRows.first) {
    throw new DomainError('invalid-usage', '--test-rows and --train-rows overlap');
  }
  if (options.trainRows.last === rows - 1) {
    const message =
      '--train-rows takes the table to its last row; the rows after them are what predictions are scored on';
    throw new DomainError('invalid-usage', message);
  }
  checkLatencies(table, options);
}

function checkLatencies({ targets }: LatencyTable, { test, trainRows, testRows, measurements }: EvaluateOptions): void {
  const most = Math.max(...measurements);
  for (const id of test) {
    const { latencyMs } = targets.find((target) => target.id === id)!;
    const usable = (first: number, last?: number): number =>
      latencyMs.subarray(first, last === undefined ? undefined : last + 1).filter((ms) => !Number.isNaN(ms)).length;
    const toMeasure = usable(trainRows.first, trainRows.last);
    if (toMeasure < most) {
      const rows = `--train-rows ${trainRows.first}-${trainRows.last}`;
      const message = `target '${id}' has ${toMeasure} usable latencies in ${rows}; --measurements asks for ${most}`;
      throw new DomainError('invalid-usage', message);
    }
    for (const [rows, there] of [
      [`--test-rows ${testRows.first}-${testRows.last}`, usable(testRows.first, testRows.last)],
      [`the rows after ${trainRows.last}`, usable(trainRows.last + 1)],
    ] as const) {
      if (there > 0) continue;
      throw new DomainError('invalid-usage', `target '${id}' has no usable latency in ${rows}`);
    }
  }
}
