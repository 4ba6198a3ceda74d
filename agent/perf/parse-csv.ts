// Reads `perf stat -x SEPARATOR`: perf-stat(1), CSV FORMAT. The layout differs with the options (-I, -A, -r) and the
// version, so the value field is found by its shape. Total: any text gives rows and other lines, never an error.
import { counterValue, decimal, type PerfOutput, type PerfRow } from './row.ts';

/** Rows of `perf stat -x`, and the lines that are none. Total. */
export function parsePerfCsv(text: string, separator = ';'): PerfOutput {
  const rows: PerfRow[] = [];
  const other: string[] = [];
  for (const line of text.split(/\r?\n/)) {
    if (line.trim() === '') continue;
    const row = parseLine(line.split(separator));
    if (row === undefined) other.push(line);
    else rows.push(row);
  }
  return { rows, other };
}

/** Fields before the value: time stamp (-I), place (-A, --per-…), number of CPUs aggregated. */
const mostLeadingFields = 3;

function parseLine(fields: readonly string[]): PerfRow | undefined {
  const at = fields.findIndex((field, i) => i <= mostLeadingFields && isValue(field) && isEventAfter(fields, i));
  if (at < 0) return undefined;
  const rest = fields.slice(at + 3);
  // With -r the variance stands before the running time.
  const variancePercent = rest[0]?.endsWith('%') === true ? decimal(rest.shift()!.slice(0, -1)) : undefined;
  const runtimeNs = decimal(rest[0] ?? '');
  const value = counterValue(fields[at]!, runtimeNs);
  if (value === undefined) return undefined;
  const leading = fields.slice(0, at).map((field) => field.trim());
  const intervalS = leading[0] !== undefined ? decimal(leading[0]) : undefined;
  const aggregate = intervalS === undefined ? leading[0] : leading[1];
  return {
    event: fields[at + 2]!,
    value,
    unit: fields[at + 1]!,
    runtimeNs,
    runningPercent: decimal(rest[1] ?? ''),
    ...(variancePercent === undefined ? {} : { variancePercent }),
    ...(intervalS === undefined ? {} : { intervalS }),
    ...(aggregate === undefined ? {} : { aggregate }),
  };
}

function isValue(field: string): boolean {
  return field === '<not supported>' || field === '<not counted>' || decimal(field) !== undefined;
}

/** After a value come a unit and an event name, neither of which is itself a value. */
function isEventAfter(fields: readonly string[], at: number): boolean {
  const unit = fields[at + 1];
  const event = fields[at + 2];
  return unit !== undefined && !isValue(unit) && event !== undefined && event !== '' && !isValue(event);
}
