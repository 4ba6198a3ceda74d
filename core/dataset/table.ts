// Latency tables: a column that names architectures and one column a target. How a file becomes text, rows, columns and
// cells is told in the files beside this one; what people bring is told in docs/ingest.md. Where the bytes come from is
// the caller's business.
import { DomainError } from '#core/errors.ts';
import { architectureForm } from '#core/search-space/forms/forms.ts';
import type { Architecture, SearchSpace, SearchSpaceId } from '#core/search-space/search-space.ts';
import { isLatencyMs } from '#core/statistics/latency-range.ts';
import { quoteText } from '#core/text/quote-text.ts';
import { readLiteral } from '#core/text/read-literal.ts';
import { invalidTable } from './invalid-table.ts';
import { latencyUnits, toMs } from './latency-unit.ts';
import { decimalComma, decimalPoint, readCell } from './table-cells.ts';
import {
  type ColumnOptions,
  type ColumnReading,
  isArchitectureColumn,
  type ReadColumn,
  tableColumns,
} from './table-columns.ts';
import { type TableRow, tableRows } from './table-rows.ts';

export interface TargetColumn {
  readonly id: string;
  /** One an architecture, in the table's order; NaN where the table has no usable latency. */
  readonly latencyMs: Float64Array;
  /** How the column was read. Absent: the id is the device, at batch size 1. */
  readonly reading?: ColumnReading;
}

/** Latencies that a table does not have, although it has the column: they are NaN, and a caller prints how many. */
export interface MissingLatencies {
  readonly file: string;
  readonly target: string;
  /** `missing`: the field is empty, `NA`, infinite or the like. `not-a-latency`: it is zero, negative or out of
   * all range (latency-range.ts). `no-row`: the
   * table was joined with one that has architectures which this target's file lacks. */
  readonly reason: 'missing' | 'not-a-latency' | 'no-row';
  readonly count: number;
}

export interface LatencyTable {
  /** For messages: the file, or the files joined by " + ". */
  readonly file: string;
  readonly searchSpace: SearchSpaceId;
  readonly architectures: readonly Architecture[];
  /** The architectures as text, unique. */
  readonly texts: readonly string[];
  readonly targets: readonly TargetColumn[];
  readonly exclusions: readonly MissingLatencies[];
  /** What was seen in the file beside the numbers, a sentence each: its separator, columns that were left out. */
  readonly notes?: readonly string[];
}

export interface TableSource extends ColumnOptions {
  /** For messages. */
  readonly file: string;
  /** Reads the architectures. */
  readonly space: SearchSpace;
  /** In which form the architectures stand (docs/architectures.md). Default `text`. */
  readonly form?: string | undefined;
}

/**
 * @throws DomainError `invalid-table` with file, row (as in the file, from 1) and column; `invalid-request` for a form
 * that the search space has not
 */
export function parseLatencyTable(text: string, source: TableSource): LatencyTable {
  const { file, space } = source;
  const read = architectureReader(source);
  const { separator, header, rows } = tableRows(text, file, (fields) => fields.some(isArchitectureColumn));
  const columns = tableColumns(file, header, rows, source, (cell) => read.isText && succeeds(() => read.one(cell)));
  const body = rows.slice(columns.headerRows);
  if (body.length === 0) throw invalidTable(file, header.row + 1, undefined, 'there is no row after the header');

  const rowOf = new Map<string, number>();
  const architectures: Architecture[] = [];
  for (const { row, fields } of body) {
    checkWidth(file, { row, fields }, header.fields.length, separator);
    const given = fields[columns.architectureAt]!;
    const architecture = readArchitecture(given, read.one, file, {
      row,
      column: header.fields[columns.architectureAt]!,
    });
    const canonical = space.format(architecture);
    const earlier = rowOf.get(canonical);
    if (earlier !== undefined) {
      const repeated = `architecture ${quoteText(given)} stands in row ${earlier} already`;
      const message = `${repeated}; accepted: one row an architecture`;
      throw invalidTable(file, row, header.fields[columns.architectureAt], message);
    }
    rowOf.set(canonical, row);
    architectures.push(architecture);
  }
  const hasCommas = separator !== ',' && usesDecimalCommas(file, body, columns.targets);
  const filled = columns.targets.map((column) => readColumn(column, body, { file, hasCommas }));
  return {
    file,
    searchSpace: space.id,
    architectures,
    texts: [...rowOf.keys()],
    targets: filled.map(({ id, latencyMs, reading }) => ({ id, latencyMs, reading })),
    exclusions: filled.flatMap(({ exclusions }) => exclusions),
    notes: [
      ...(separator === ',' ? [] : [`fields are separated by ${separator === ';' ? 'semicolons' : 'tabs'}`]),
      ...(hasCommas ? ['numbers have decimal commas'] : []),
      ...columns.notes,
    ],
  };
}

function architectureReader({ space, form = 'text' }: TableSource): {
  isText: boolean;
  one: (cell: string) => Architecture;
} {
  if (form === 'text') return { isText: true, one: (cell) => space.parse(cell) };
  const foreign = architectureForm(space.id, form);
  return { isText: false, one: (cell) => foreign.read(readLiteral(cell)) };
}

function succeeds(read: () => unknown): boolean {
  try {
    read();
    return true;
  } catch {
    return false;
  }
}

/** Empty fields at the end of a row are none. */
function checkWidth(file: string, { row, fields }: TableRow, width: number, separator: string): void {
  const isTooLong = fields.slice(width).some((field) => field !== '');
  if (fields.length >= width && !isTooLong) return;
  const hint = isTooLong ? `; a field with ${quoteText(separator)} in it is quoted: "…"` : '';
  throw invalidTable(file, row, undefined, `the number of fields is ${fields.length}; the header has ${width}${hint}`);
}

function readArchitecture(
  cell: string,
  read: (cell: string) => Architecture,
  file: string,
  { row, column }: { row: number; column: string },
): Architecture {
  try {
    return read(cell);
  } catch (error) {
    if (!(error instanceof DomainError)) throw error;
    const hint = /^[\d[({]/.test(cell) ? '; in a table --form names their form' : '';
    throw invalidTable(file, row, column, `${error.message}${hint}`, error);
  }
}

/** @throws DomainError `invalid-table` where some numbers have a comma and others a point */
function usesDecimalCommas(file: string, rows: readonly TableRow[], targets: readonly ReadColumn[]): boolean {
  const find = (pattern: RegExp) => {
    for (const { row, fields } of rows) {
      const column = targets.find(({ at }) => pattern.test(fields[at] ?? ''));
      if (column) return { row, id: column.id, field: fields[column.at]! };
    }
    return undefined;
  };
  const [comma, point] = [find(decimalComma), find(decimalPoint)];
  if (comma === undefined) return false;
  if (point === undefined) return true;
  const message =
    `${quoteText(point.field)} has a decimal point, and row ${comma.row}, column ${quoteText(comma.id)} ` +
    `(${quoteText(comma.field)}) a comma; accepted: one of the two in the whole table`;
  throw invalidTable(file, point.row, point.id, message);
}

interface FilledColumn extends TargetColumn {
  readonly reading: ColumnReading;
  readonly exclusions: readonly MissingLatencies[];
}

/** Longest and shortest median latency that a doubtful unit is believed to give, ms. */
const believable = { least: 0.02, most: 10_000 };

function readColumn(
  { id, at, reading }: ReadColumn,
  rows: readonly TableRow[],
  { file, hasCommas }: { file: string; hasCommas: boolean },
): FilledColumn {
  const counts = { missing: 0, 'not-a-latency': 0 };
  const latencyMs = Float64Array.from(rows, ({ row, fields }) => {
    const cell = readCell(fields[at]!, hasCommas);
    if (cell === undefined) throw notANumber(file, row, id, fields[at]!);
    if (cell.kind === 'number') {
      const ms = toMs(cell.value, cell.unit ?? reading.unit, reading.batchSize);
      if (isLatencyMs(ms)) return ms;
    }
    counts[cell.kind === 'missing' ? 'missing' : 'not-a-latency']++;
    return Number.NaN;
  });
  if (reading.isDoubtful) checkBelievable(file, id, reading, latencyMs);
  const exclusions = (['missing', 'not-a-latency'] as const)
    .map((reason) => ({ file, target: id, reason, count: counts[reason] }))
    .filter(({ count }) => count > 0);
  return { id, latencyMs, reading, exclusions };
}

function checkBelievable(file: string, id: string, { unit }: ColumnReading, latencyMs: Float64Array): void {
  const known = latencyMs.filter((ms) => !Number.isNaN(ms)).toSorted();
  const median = known[Math.floor(known.length / 2)];
  if (median === undefined || (median >= believable.least && median <= believable.most)) return;
  const message =
    `the name ends like the unit ${unit}, in which the median would be ${Number(median.toPrecision(3))} ms; ` +
    `accepted: ${latencyUnits.join(', ')} as the option of the unit or in the sheet of the columns`;
  throw invalidTable(file, undefined, id, message);
}

function notANumber(file: string, row: number, column: string, field: string): DomainError {
  const message =
    `${quoteText(field)} is not a number; accepted: a latency such as 8.2, ` +
    'an empty field or NA where there is none';
  return invalidTable(file, row, column, message);
}
