// Reads latency tables: CSV text (RFC 4180) with a column `architecture` and one column a target, latencies in ms, as
// described in data/README.md. Where the text comes from, and whether it was compressed, is the caller's business.
import { CsvError, parse } from 'csv-parse/sync';
import { DomainError } from '#core/errors.ts';
import type { Architecture, SearchSpace, SearchSpaceId } from '#core/search-space/search-space.ts';
import { quoteText } from '#core/text/quote-text.ts';

export interface TargetColumn {
  readonly id: string;
  /** One an architecture, in the table's order; NaN where the table has no usable latency. */
  readonly latencyMs: Float64Array;
}

/** Latencies that a table does not have, although it has the column: they are NaN, and a caller prints how many. */
export interface MissingLatencies {
  readonly file: string;
  readonly target: string;
  /** `not-a-latency`: the field is zero, negative, infinite or NaN. `no-row`: the table was joined with one that has
   * architectures which this target's file lacks. */
  readonly reason: 'not-a-latency' | 'no-row';
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
}

const architectureColumn = 'architecture';

/** A decimal number, or a spelling of infinity or NaN, which is an exclusion and not an error. */
const decimal = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;
const nonFinite = /^[+-]?(nan|inf|infinity)$/i;

/**
 * @param source `file` is for messages; `space` reads the architectures
 * @throws DomainError `invalid-table` with file, row (as in the file, the header is row 1) and column
 */
export function parseLatencyTable(text: string, source: { file: string; space: SearchSpace }): LatencyTable {
  const { file, space } = source;
  const [header, ...rows] = readRows(text, file);
  if (header === undefined)
    throw invalidTable(file, 1, undefined, 'the table is empty; the first row names the columns');
  const { architectureAt, targetIds } = readHeader(header, file);
  if (rows.length === 0) throw invalidTable(file, 2, undefined, 'there is no row after the header');

  const rowOf = new Map<string, number>();
  const architectures: Architecture[] = [];
  const columns = targetIds.map(() => new Float64Array(rows.length));
  const excluded = targetIds.map(() => 0);
  for (const [index, fields] of rows.entries()) {
    const row = index + 2;
    if (fields.length !== header.length) {
      const message = `the number of fields is ${fields.length}; the header has ${header.length}`;
      throw invalidTable(file, row, undefined, message);
    }
    const architectureText = fields[architectureAt]!;
    const earlier = rowOf.get(architectureText);
    if (earlier !== undefined) {
      const message = `architecture ${quoteText(architectureText)} stands in row ${earlier} already`;
      throw invalidTable(file, row, architectureColumn, message);
    }
    rowOf.set(architectureText, row);
    architectures.push(readArchitecture(architectureText, space, file, row));
    for (const [target, id] of targetIds.entries()) {
      const latencyMs = readLatency(fields[target < architectureAt ? target : target + 1]!, file, row, id);
      columns[target]![index] = latencyMs;
      if (Number.isNaN(latencyMs)) excluded[target]!++;
    }
  }
  return {
    file,
    searchSpace: space.id,
    architectures,
    texts: [...rowOf.keys()],
    targets: targetIds.map((id, target) => ({ id, latencyMs: columns[target]! })),
    exclusions: targetIds.flatMap((target, at) =>
      excluded[at] === 0 ? [] : [{ file, target, reason: 'not-a-latency' as const, count: excluded[at]! }],
    ),
  };
}

function readRows(text: string, file: string): string[][] {
  try {
    // Ragged rows are let through here and refused with their row number there.
    const rows: string[][] = parse(text, { bom: true, relax_column_count: true });
    while (rows.at(-1)?.length === 1 && rows.at(-1)![0] === '') rows.pop();
    return rows;
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    const row = typeof error['records'] === 'number' ? error['records'] + 1 : undefined;
    throw invalidTable(file, row, undefined, `not CSV (RFC 4180): ${error.message}`, error);
  }
}

function readHeader(header: readonly string[], file: string): { architectureAt: number; targetIds: string[] } {
  const seen = new Set<string>();
  for (const [at, name] of header.entries()) {
    if (name.trim() === '') throw invalidTable(file, 1, undefined, `column ${at + 1} has no name`);
    if (seen.has(name)) throw invalidTable(file, 1, name, 'two columns have this name');
    seen.add(name);
  }
  const architectureAt = header.indexOf(architectureColumn);
  if (architectureAt === -1) {
    const names = quoteText(header.join(', '));
    throw invalidTable(file, 1, undefined, `there is no column "${architectureColumn}"; there are ${names}`);
  }
  const targetIds = header.filter((_, at) => at !== architectureAt);
  if (targetIds.length === 0) throw invalidTable(file, 1, undefined, 'there is no target column');
  return { architectureAt, targetIds };
}

function readArchitecture(text: string, space: SearchSpace, file: string, row: number): Architecture {
  try {
    return space.parse(text);
  } catch (error) {
    if (!(error instanceof DomainError)) throw error;
    throw invalidTable(file, row, architectureColumn, error.message, error);
  }
}

/** The latency, or NaN for one that is excluded. */
function readLatency(field: string, file: string, row: number, target: string): number {
  const text = field.trim();
  if (decimal.test(text)) {
    const value = Number(text);
    return value > 0 && Number.isFinite(value) ? value : Number.NaN;
  }
  if (nonFinite.test(text)) return Number.NaN;
  const message = `${quoteText(field)} is not a number; allowed: a latency in ms, or nan where there is none`;
  throw invalidTable(file, row, target, message);
}

/** @param column undefined where the whole row or file is meant */
function invalidTable(
  file: string,
  row: number | undefined,
  column: string | undefined,
  message: string,
  cause?: unknown,
): DomainError {
  const where = [
    ...(row === undefined ? [] : [`row ${row}`]),
    ...(column === undefined ? [] : [`column ${quoteText(column)}`]),
  ].join(', ');
  return new DomainError('invalid-table', `${file}${where === '' ? '' : `, ${where}`}: ${message}`, {
    issues: [{ path: [file, row, column].filter((part) => part !== undefined).join('/'), message }],
    cause,
  });
}
