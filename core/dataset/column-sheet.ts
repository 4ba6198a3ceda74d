// What is known of a table's columns and does not stand in the table: a JSON file beside it, `FILE.columns.json`.
import * as z from 'zod';
import { DomainError } from '#core/errors.ts';
import { text } from '#core/text/line-text.ts';
import { latencyUnits } from './latency-unit.ts';

export const columnSheetSchema = z.strictObject({
  columns: z.record(
    z.string(),
    z.strictObject({
      device: text(96).optional().describe('Name of the device. Left out: the name of the column.'),
      batchSize: z.int().positive().max(65_536).optional().describe('Images per inference. Left out: 1.'),
      unit: z.enum(latencyUnits).optional().describe('Left out: as the header says, else ms.'),
    }),
  ),
});

/** By name of the column, as in the table. */
export type ColumnSheet = z.infer<typeof columnSheetSchema>;

/**
 * @param file its name, for messages
 * @throws DomainError `invalid-table`, naming the part that is wrong
 */
export function parseColumnSheet(json: string, file: string): ColumnSheet {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch (cause) {
    throw new DomainError('invalid-table', `${file}: not JSON`, { cause });
  }
  const parsed = columnSheetSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const { path, message } = parsed.error.issues[0]!;
  const allowed = 'allowed: {"columns": {"NAME": {"device": …, "batchSize": …, "unit": …}}}';
  throw new DomainError('invalid-table', `${file}: ${path.join('/')}: ${message}; ${allowed}`, { cause: parsed.error });
}
