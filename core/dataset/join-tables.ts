// Joins latency tables of one search space on the architecture, so that measurements of one device in one file and of
// another in a second can be used together.
import { DomainError } from '#core/errors.ts';
import type { Architecture } from '#core/search-space/search-space.ts';
import { quoteText } from '#core/text/quote-text.ts';
import type { LatencyTable, MissingLatencies } from './table.ts';
import type { ColumnReading } from './table-columns.ts';

/**
 * Every architecture of any table: those of the first in its order, then what each further table adds. Targets keep the
 * order in which they first occur; where a target's files lack an architecture its latency is NaN and counted as
 * `no-row`. A target may stand in several files as long as no architecture gets two different latencies.
 * @throws DomainError `invalid-table` for no table, two search spaces, or two latencies of one (target, architecture)
 */
export function joinTables(tables: readonly LatencyTable[]): LatencyTable {
  const [first, ...others] = tables;
  if (first === undefined) throw new DomainError('invalid-table', 'there is no table to join');
  if (others.length === 0) return first;
  for (const { file, searchSpace } of others) {
    if (searchSpace !== first.searchSpace) {
      const spaces = `${first.file} is of ${first.searchSpace}, ${file} of ${searchSpace}`;
      throw new DomainError('invalid-table', `tables of two search spaces cannot be joined: ${spaces}`);
    }
  }

  const rowOf = new Map<string, number>();
  const architectures: Architecture[] = [];
  for (const table of tables) {
    for (const [row, text] of table.texts.entries()) {
      if (rowOf.has(text)) continue;
      rowOf.set(text, architectures.length);
      architectures.push(table.architectures[row]!);
    }
  }

  const columns = new Map<string, Column>();
  for (const table of tables) {
    const rows = Int32Array.from(table.texts, (text) => rowOf.get(text)!);
    for (const { id, latencyMs, reading } of table.targets) {
      let column = columns.get(id);
      if (column === undefined) {
        const joined = new Float64Array(architectures.length).fill(Number.NaN);
        column = { file: table.file, latencyMs: joined, hasRow: new Uint8Array(architectures.length), reading };
        columns.set(id, column);
      }
      merge(column, latencyMs, rows, (row) => {
        const text = quoteText(table.texts[row]!);
        const files = `${column.file} and ${table.file}`;
        return new DomainError('invalid-table', `target ${quoteText(id)} has two latencies for ${text}: in ${files}`);
      });
    }
  }

  return {
    file: tables.map(({ file }) => file).join(' + '),
    searchSpace: first.searchSpace,
    architectures,
    texts: [...rowOf.keys()],
    targets: Array.from(columns, ([id, { latencyMs, reading }]) => ({ id, latencyMs, ...(reading && { reading }) })),
    exclusions: [...tables.flatMap(({ exclusions }) => exclusions), ...missingRows(columns)],
    notes: tables.flatMap(({ file, notes = [] }) => notes.map((note) => `${file}: ${note}`)),
  };
}

interface Column {
  /** Where the target was seen first. */
  readonly file: string;
  readonly latencyMs: Float64Array;
  readonly hasRow: Uint8Array;
  /** How it was read where it was seen first. */
  readonly reading: ColumnReading | undefined;
}

/** Writes `latencyMs` into the column at `rows`; an excluded latency (NaN) gives way to a usable one. */
function merge(
  column: Column,
  latencyMs: Float64Array,
  rows: Int32Array,
  conflict: (row: number) => DomainError,
): void {
  for (const [row, value] of latencyMs.entries()) {
    const at = rows[row]!;
    column.hasRow[at] = 1;
    const present = column.latencyMs[at]!;
    if (Number.isNaN(value) || value === present) continue;
    if (!Number.isNaN(present)) throw conflict(row);
    column.latencyMs[at] = value;
  }
}

function missingRows(columns: ReadonlyMap<string, Column>): MissingLatencies[] {
  return Array.from(columns, ([target, { file, hasRow }]) => {
    const count = hasRow.reduce((missing, has) => missing + 1 - has, 0);
    return { file, target, reason: 'no-row' as const, count };
  }).filter(({ count }) => count > 0);
}
