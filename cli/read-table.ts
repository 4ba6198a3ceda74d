// A latency table from a file, packed or not, with the sheet of its columns where one stands beside it.
import { existsSync, readFileSync } from 'node:fs';
import { type ColumnSheet, parseColumnSheet } from '#core/dataset/column-sheet.ts';
import { type LatencyTable, parseLatencyTable, type TableSource } from '#core/dataset/table.ts';
import { tableText } from '#core/dataset/table-text.ts';
import { DomainError } from '#core/errors.ts';
import { searchSpace } from '#core/search-space/registry.ts';
import type { SearchSpaceId } from '#core/search-space/search-space.ts';
import { whyUnreadable } from './why-unreadable.ts';

/** What is known of the table beside its file. */
export interface TableReading extends Omit<TableSource, 'file' | 'space' | 'sheet'> {
  /** File of the sheet of columns; undefined: the one beside the table, if there is one. */
  readonly sheet?: string | undefined;
}

/** `data/x.csv.gz` → `data/x.columns.json`. */
export const sheetBeside = (file: string): string =>
  `${file.replace(/(?:\.(?:csv|tsv|txt))?(?:\.gz)?$/i, '')}.columns.json`;

/** @throws DomainError `invalid-table` naming the file, and the row and column where there are some */
export function readTable(file: string, id: SearchSpaceId, { sheet, ...reading }: TableReading = {}): LatencyTable {
  const text = tableText(bytesOf(file), file);
  return parseLatencyTable(text, { ...reading, file, space: searchSpace(id), sheet: sheetOf(file, sheet) });
}

function sheetOf(file: string, named: string | undefined): ColumnSheet | undefined {
  const sheet = named ?? sheetBeside(file);
  if (named === undefined && !existsSync(sheet)) return undefined;
  return parseColumnSheet(Buffer.from(bytesOf(sheet)).toString('utf8'), sheet);
}

function bytesOf(file: string): Uint8Array {
  try {
    return readFileSync(file);
  } catch (cause) {
    throw new DomainError('invalid-table', `${file}: ${whyUnreadable(cause)}`, { cause });
  }
}

/** One line for each target of which latencies were left out. */
export const exclusionLines = ({ exclusions }: LatencyTable): string[] =>
  exclusions.map(
    ({ file, target, reason, count }) => `${file}: ${count} latencies of '${target}' left out (${reason})`,
  );
