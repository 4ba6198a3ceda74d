// Devices of tables held out in groups, one after the other: on each target of a group's devices a predictor is scored
// that has learned from no column of any of them.
import { DomainError } from '#core/errors.ts';

export interface DeviceFold {
  /** Columns that are learned from, of all other devices. */
  readonly train: readonly string[];
  /** Columns that are scored. */
  readonly test: readonly string[];
}

/** Runs and settings of one device stand behind `-rNUMBER-` (scripts/convert-graphs.ts ncnn). */
const deviceOf = (column: string): string => column.split(/-r\d+-/)[0]!;

/** Devices that are scored are dealt out in turn, in the order of their names.
 * @param columns of all tables, those that can be scored among them
 * @param what they are, for a refusal
 * @throws DomainError `invalid-usage` with fewer devices to score than folds */
export function deviceFolds(
  columns: readonly string[],
  scored: readonly string[],
  count: number,
  what: string,
): DeviceFold[] {
  const devices = [...new Set(scored.map(deviceOf))].sort();
  if (devices.length < count) {
    const there = devices.length === 0 ? 'no device has one' : `of these devices alone: ${devices.join(', ')}`;
    throw new DomainError('invalid-usage', `--folds ${count} needs as many devices with ${what}; ${there}`);
  }
  return Array.from({ length: count }, (_, fold) => {
    const held = new Set(devices.filter((_, at) => at % count === fold));
    return {
      train: columns.filter((column) => !held.has(deviceOf(column))),
      test: scored.filter((column) => held.has(deviceOf(column))),
    };
  });
}
