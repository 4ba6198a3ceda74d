// What the columns of a table are: which one names the architectures, which ones are targets and how they are read, and
// which ones are none. A name is a name: a number at its end is a batch size only where the table, its sheet or an
// option says so.
import { DomainError } from '#core/errors.ts';
import { quoteText } from '#core/text/quote-text.ts';
import type { ColumnSheet } from './column-sheet.ts';
import { invalidTable } from './invalid-table.ts';
import { headerUnit, type LatencyUnit, latencyUnits, unitOf } from './latency-unit.ts';
import type { TableRow } from './table-rows.ts';

/** Who says something of a column: its header, a row of its own, the sheet, an option; or nobody. */
export type Source = 'header' | 'row' | 'sheet' | 'option' | 'nobody';

/** How a target's column is read. */
export interface ColumnReading {
  readonly device: string;
  /** Images per inference. */
  readonly batchSize: number;
  readonly batchSizeFrom: Source;
  readonly unit: LatencyUnit;
  readonly unitFrom: Source;
  /** The unit may be a part of the name as well. */
  readonly isDoubtful: boolean;
}

export interface ReadColumn {
  /** Name of the column, of its own in the table. */
  readonly id: string;
  /** Which field of a row, from 0. */
  readonly at: number;
  readonly reading: ColumnReading;
}

export interface ColumnOptions {
  readonly sheet?: ColumnSheet | undefined;
  /** The unit of columns that state none. */
  readonly unit?: LatencyUnit | undefined;
  /** For all columns of which nothing else says it; `from-names`: a column DEVICE_N is DEVICE at batch size N. */
  readonly batchSize?: number | 'from-names' | undefined;
  /** Read only these. */
  readonly only?: readonly string[] | undefined;
}

export interface TableColumns {
  readonly architectureAt: number;
  readonly targets: readonly ReadColumn[];
  /** Rows after the header that describe the columns. */
  readonly headerRows: number;
  /** What is left out and why, a sentence each. */
  readonly notes: readonly string[];
}

/** Largest batch size that a profile may state. */
const mostBatch = 65_536;
const longestName = 96;
const twoOfAName = 'two columns have this name; accepted: one, or a row of batch sizes below the header that differ';

/** Whether a header is that of the architectures, in any case. */
export const isArchitectureColumn = (name: string): boolean => name.toLowerCase() === 'architecture';

const batchRow = /^batch[ _-]?sizes?$|^batch$/i;
const unitRow = /^units?$/i;
const indexName = /^(index|idx|id|#|row|no\.?|nr\.?|unnamed: \d+)$/i;
/** Words at the end of a name that say of which statistic a column is: of the middle, or of the spread; and words that
 * say so only beside one of these, since a power mode may be called `max`. */
const middle = /(?:^|[\s_.-]+)(mean|avg|average|median|p50)$/i;
const spread = /(?:^|[\s_.-]+)(stdev|stddev|std|sd|sem|var|variance|cv|iqr|p\d{1,2})$/i;
const weakSpread = /(?:^|[\s_.-]+)(min|max|count|runs|n)$/i;

/**
 * @param isArchitecture whether a cell names an architecture, to find the column where no header says it
 * @throws DomainError `invalid-table` with row and column; `invalid-usage` for a column to read that is not there
 */
export function tableColumns(
  file: string,
  header: TableRow,
  rows: readonly TableRow[],
  options: ColumnOptions,
  isArchitecture: (cell: string) => boolean,
): TableColumns {
  const fail = (column: string | undefined, message: string) => invalidTable(file, header.row, column, message);
  const names = header.fields;
  const architectureAt = findArchitectures(names, rows, isArchitecture);
  if (architectureAt === -1) {
    const given = quoteText(names.join(', '));
    throw fail(undefined, `there is no column "architecture"; there are ${given}; accepted: a column of that name`);
  }
  const labels = rows.slice(0, 2).map(({ fields }) => fields[architectureAt] ?? '');
  const headerRows = labels.findIndex((label) => !batchRow.test(label) && !unitRow.test(label));
  const describing = rows.slice(0, headerRows === -1 ? labels.length : headerRows);
  const body = rows.slice(describing.length);
  const notes: string[] = [];
  const described = (at: number): Described => ({
    batch: describing.find(({ fields }) => batchRow.test(fields[architectureAt] ?? '')),
    unit: describing.find(({ fields }) => unitRow.test(fields[architectureAt] ?? '')),
    at,
  });

  const sheetNames = Object.keys(options.sheet?.columns ?? {});
  const stray = sheetNames.find((name) => !names.includes(name));
  if (stray !== undefined) {
    throw fail(
      stray,
      `the sheet of the columns names it, the table does not have it; it has ${quoteText(names.join(', '))}`,
    );
  }
  const seen = new Set<string>();
  const found: ReadColumn[] = [];
  const known: string[] = [];
  for (const [at, name] of names.entries()) {
    if (at === architectureAt) continue;
    if (isArchitectureColumn(name)) throw fail(name, twoOfAName);
    const cells = body.map(({ fields }) => fields[at] ?? '');
    const reading = name === '' ? undefined : readingOf(file, name, described(at), options);
    const twice = names.indexOf(name) !== at || names.lastIndexOf(name) !== at;
    const id = twice && reading?.batchSizeFrom === 'row' ? `${name} (batch size ${reading.batchSize})` : name;
    known.push(id);
    const isWanted = options.only?.includes(id);
    const reason = isWanted ? undefined : notATarget(name, at, cells, architectureAt);
    if (reason !== undefined) {
      notes.push(`column ${at + 1}${name === '' ? '' : ` ${quoteText(name)}`} is left out: ${reason}`);
      continue;
    }
    if (reading === undefined) {
      throw fail(undefined, `column ${at + 1} has no name; accepted: a name for each column with latencies`);
    }
    if (options.only !== undefined && !isWanted) continue;
    if (reading.device.length > longestName) throw fail(name, `the name is longer than ${longestName} characters`);
    if (seen.has(id)) throw fail(name, twoOfAName);
    seen.add(id);
    found.push({ id, at, reading });
  }
  const missing = options.only?.find((id) => !known.includes(id));
  if (missing !== undefined) {
    const there = known.filter((id) => id !== '').join(', ');
    throw new DomainError('invalid-usage', `column '${missing}' is not in ${file}; it has ${there}`);
  }
  const statistics = options.only === undefined ? statisticsIn(found) : new Map<ReadColumn, string>();
  for (const [column, of] of statistics) {
    notes.push(`column ${column.at + 1} ${quoteText(column.id)} is left out: a statistic of ${quoteText(of)}`);
  }
  const targets = found.filter((column) => !statistics.has(column));
  if (targets.length === 0)
    throw fail(undefined, 'there is no target column; accepted: a column of latencies for each target');
  return { architectureAt, targets, headerRows: describing.length, notes };
}

/** Where no header says it, the column of the first rows' architectures: pandas leaves the name of an index empty. */
function findArchitectures(
  names: readonly string[],
  rows: readonly TableRow[],
  isArchitecture: (cell: string) => boolean,
): number {
  const named = names.findIndex(isArchitectureColumn);
  if (named >= 0) return named;
  return names.findIndex((_, at) => rows.slice(0, 3).some(({ fields }) => isArchitecture(fields[at] ?? '')));
}

/** Why a column holds no latencies: it is empty, or numbers the rows. */
function notATarget(name: string, at: number, cells: readonly string[], architectureAt: number): string | undefined {
  if (name === '' && cells.every((cell) => cell === '')) return 'it is empty';
  if (!(indexName.test(name) || (name === '' && at === 0 && architectureAt > 0))) return undefined;
  const numbersRows = cells.every((cell) => /^\d+$/.test(cell)) && new Set(cells).size === cells.length;
  return numbersRows ? 'it numbers the rows' : undefined;
}

interface Described {
  readonly batch: TableRow | undefined;
  readonly unit: TableRow | undefined;
  readonly at: number;
}

function readingOf(file: string, name: string, rows: Described, options: ColumnOptions): ColumnReading {
  const sheet = options.sheet?.columns[name];
  const { unit, unitFrom, rest, isDoubtful } = unitFor(file, name, rows, options);
  const { batchSize, batchSizeFrom, rest: device } = batchFor(file, rest, name, rows, options);
  return { device: sheet?.device ?? device, batchSize, batchSizeFrom, unit, unitFrom, isDoubtful };
}

interface UnitFor {
  readonly unit: LatencyUnit;
  readonly unitFrom: Source;
  readonly rest: string;
  readonly isDoubtful: boolean;
}

function unitFor(file: string, name: string, rows: Described, { sheet, unit: option }: ColumnOptions): UnitFor {
  const header = headerUnit(name);
  const fromRow = cellOf(rows.unit, rows.at);
  const stated = sheet?.columns[name]?.unit ?? (fromRow === undefined ? option : unitOf(fromRow));
  const unitFrom = sheet?.columns[name]?.unit ? 'sheet' : fromRow === undefined ? 'option' : 'row';
  if (fromRow !== undefined && unitOf(fromRow) === undefined) {
    const message = `${quoteText(fromRow)} is no unit; accepted: ${latencyUnits.join(', ')}`;
    throw invalidTable(file, rows.unit!.row, name, message);
  }
  if (stated === undefined) {
    if (header) return { unit: header.unit, unitFrom: 'header', rest: header.name, isDoubtful: header.isDoubtful };
    return { unit: 'ms', unitFrom: 'nobody', rest: name, isDoubtful: false };
  }
  // Where another source says the unit, a doubtful word at the end of the name belongs to the name.
  if (header === undefined || (header.unit !== stated && (header.isDoubtful || unitFrom === 'sheet'))) {
    return { unit: stated, unitFrom, rest: name, isDoubtful: false };
  }
  if (header.unit !== stated) {
    const other = unitFrom === 'row' ? `row ${rows.unit!.row}` : 'the option';
    throw invalidTable(file, undefined, name, `the header says ${header.unit}, ${other} ${stated}; accepted: the same`);
  }
  return { unit: stated, unitFrom, rest: header.name, isDoubtful: false };
}

interface BatchFor {
  readonly batchSize: number;
  readonly batchSizeFrom: Source;
  readonly rest: string;
}

function batchFor(file: string, rest: string, name: string, rows: Described, options: ColumnOptions): BatchFor {
  const fromSheet = options.sheet?.columns[name]?.batchSize;
  if (fromSheet !== undefined) return { batchSize: fromSheet, batchSizeFrom: 'sheet', rest };
  const fromRow = cellOf(rows.batch, rows.at);
  if (fromRow !== undefined) {
    const size = /^\d{1,5}(\.0+)?$/.test(fromRow) ? Number(fromRow) : 0;
    if (size < 1 || size > mostBatch) {
      const message = `${quoteText(fromRow)} is no batch size; accepted: a whole number from 1 to ${mostBatch}`;
      throw invalidTable(file, rows.batch!.row, name, message);
    }
    return { batchSize: size, batchSizeFrom: 'row', rest };
  }
  if (typeof options.batchSize === 'number') return { batchSize: options.batchSize, batchSizeFrom: 'option', rest };
  const [, device, digits] = options.batchSize === 'from-names' ? (/^(.+)_(\d{1,5})$/.exec(rest) ?? []) : [];
  const size = Number(digits);
  if (device !== undefined && size >= 1 && size <= mostBatch) {
    return { batchSize: size, batchSizeFrom: 'option', rest: device };
  }
  return { batchSize: 1, batchSizeFrom: 'nobody', rest };
}

const cellOf = (row: TableRow | undefined, at: number): string | undefined => row?.fields[at] || undefined;

/** Columns of the spread beside one of the latencies themselves: `board_std` beside `board_ms`, and beside which. */
function statisticsIn(columns: readonly ReadColumn[]): Map<ReadColumn, string> {
  const named = ({ reading }: ReadColumn, words: RegExp): boolean =>
    words.test(reading.device) && !middle.test(reading.device);
  const base = ({ reading }: ReadColumn, words: RegExp): string => reading.device.replace(words, '');
  const strong = columns.filter((column) => named(column, spread));
  const weak = columns.filter((column) => named(column, weakSpread));
  const main = new Map(
    columns.filter((each) => ![...strong, ...weak].includes(each)).map((each) => [base(each, middle), each.id]),
  );
  const hasStatistics = new Set([
    ...strong.map((each) => base(each, spread)),
    ...columns.filter(({ reading }) => middle.test(reading.device)).map((each) => base(each, middle)),
  ]);
  const pairs = [
    ...strong.map((each) => [each, main.get(base(each, spread))] as const),
    ...weak
      .filter((each) => hasStatistics.has(base(each, weakSpread)))
      .map((each) => [each, main.get(base(each, weakSpread))] as const),
  ];
  return new Map(pairs.flatMap(([column, of]) => (of === undefined ? [] : [[column, of] as const])));
}
