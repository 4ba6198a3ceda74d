// The one refusal of a latency table: file, row, column, and what would be accepted.
import { DomainError } from '#core/errors.ts';
import { quoteText } from '#core/text/quote-text.ts';

/**
 * The error for a table, to be thrown: DomainError `invalid-table`.
 * @param row as in the file, from 1; undefined where the whole file is meant
 * @param column its name; undefined where the whole row or file is meant
 */
export function invalidTable(
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
