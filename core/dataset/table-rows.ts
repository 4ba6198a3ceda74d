// The rows of a table from its text: RFC 4180, separated by commas, semicolons or tabs, with what spreadsheets and
// programs put around them (comments before the header, Excel's `sep=`, empty rows, empty fields at the end of a row).
import { CsvError, parse } from 'csv-parse/sync';
import { invalidTable } from './invalid-table.ts';

export interface TableRow {
  /** As in the file, from 1. */
  readonly row: number;
  /** Without outer white space. */
  readonly fields: readonly string[];
}

export interface TableRows {
  readonly separator: ',' | ';' | '\t';
  readonly header: TableRow;
  readonly rows: readonly TableRow[];
}

const separators = [',', ';', '\t'] as const;

/**
 * @param isHeader whether fields may be those of the header: to tell a comment from a header that begins with `#`
 * @throws DomainError `invalid-table` with the row
 */
export function tableRows(text: string, file: string, isHeader: (fields: readonly string[]) => boolean): TableRows {
  const lines = text.replace(/^\ufeff/, '').split(/\r\n?|\n/);
  let skipped = 0;
  let told: TableRows['separator'] | undefined;
  for (const line of lines) {
    const first = line.trim();
    const excel = /^"?sep=(.)"?$/i.exec(line.trimStart())?.[1];
    if (excel !== undefined) told = separators.find((each) => each === excel);
    else if (first !== '' && !(first.startsWith('#') && !separators.some((s) => isHeader(split(first, s))))) break;
    skipped++;
  }
  const rest = lines.slice(skipped);
  const separator = told ?? separatorOf(rest[0] ?? '', isHeader);
  const [header, ...rows] = parsedRows(rest.join('\n'), separator, skipped, file).filter(
    ({ fields }, index) => index === 0 || fields.some((field) => field !== ''),
  );
  if (header === undefined || header.fields.every((field) => field === '')) {
    throw invalidTable(
      file,
      Math.min(skipped + 1, lines.length),
      undefined,
      'the table is empty; the first row names the columns',
    );
  }
  return { separator, header, rows };
}

const split = (line: string, separator: string): string[] =>
  line.split(separator).map((field) => field.trim().replace(/^"(.*)"$/, '$1'));

/** The one that makes a header of the first line; of several, or none, that which makes most fields. */
function separatorOf(line: string, isHeader: (fields: readonly string[]) => boolean): TableRows['separator'] {
  const bare = line.replace(/"[^"]*"/g, 'quoted');
  const count = (separator: string): number => bare.split(separator).length;
  const fitting = separators.filter((each) => count(each) > 1 && isHeader(split(line, each)));
  return (fitting.length > 0 ? fitting : separators).toSorted((a, b) => count(b) - count(a))[0]!;
}

function parsedRows(text: string, separator: string, skipped: number, file: string): TableRow[] {
  try {
    // Ragged rows are let through here and refused with their row number where they are read.
    const records: string[][] = parse(text, {
      delimiter: separator,
      record_delimiter: '\n',
      relax_column_count: true,
      trim: separator !== '\t',
    });
    return records.map((fields, index) => ({ row: skipped + index + 1, fields: fields.map((field) => field.trim()) }));
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    const row = typeof error['records'] === 'number' ? skipped + error['records'] + 1 : undefined;
    throw invalidTable(file, row, undefined, `not CSV (RFC 4180): ${reasonOf(error)}`, error);
  }
}

/** The parser's own messages show the text around the place. */
const reasonOf = ({ code }: CsvError): string =>
  code === 'CSV_QUOTE_NOT_CLOSED'
    ? 'a quoted field does not end'
    : 'a quote inside a field; a field with a quote or separator in it is quoted, its quotes are doubled';
