// How a table is read, in words: what an import prints before it sends anything.
import type { LatencyTable, TargetColumn } from '#core/dataset/table.ts';
import type { ColumnReading, Source } from '#core/dataset/table-columns.ts';
import { quantile } from '#core/statistics/quantile.ts';
import { quoteText } from '#core/text/quote-text.ts';
import { significant } from '#core/text/significant.ts';

export interface DescribedColumn {
  readonly column: string;
  readonly device: string;
  readonly batchSize: number;
  readonly unit: string;
  readonly latencies: number;
  /** Counts by reason. */
  readonly leftOut: Readonly<Record<string, number>>;
  /** null where there is no latency. */
  readonly smallestMs: number | null;
  readonly medianMs: number | null;
  readonly largestMs: number | null;
}

export interface DescribedTable {
  /** Lines for a person, the last one ended. */
  readonly text: string;
  readonly columns: readonly DescribedColumn[];
}

/** Medians outside of this are asked about, ms. */
const usual = { least: 0.05, most: 60_000 };

/** @param columns those that are sent, by id */
export function describeTable(table: LatencyTable, columns: readonly string[]): DescribedTable {
  const targets = table.targets.filter(({ id }) => columns.includes(id));
  const described = targets.map((target) => describeColumn(table, target));
  const lines = [
    `${table.file}: ${table.architectures.length} architectures of ${table.searchSpace}`,
    ...(table.notes ?? []).map((note) => `  ${note}`),
    ...described.flatMap((column, at) => columnLines(column, targets[at]!.reading)),
  ];
  return { text: `${lines.join('\n')}\n`, columns: described };
}

function describeColumn({ exclusions }: LatencyTable, { id, latencyMs, reading }: TargetColumn): DescribedColumn {
  const known = latencyMs.filter((ms) => !Number.isNaN(ms)).toSorted();
  const own = exclusions.filter(({ target }) => target === id);
  return {
    column: id,
    device: reading?.device ?? id,
    batchSize: reading?.batchSize ?? 1,
    unit: reading?.unit ?? 'ms',
    latencies: known.length,
    leftOut: Object.fromEntries(own.map(({ reason, count }) => [reason, count])),
    smallestMs: known[0] ?? null,
    medianMs: known.length === 0 ? null : quantile(known, 0.5),
    largestMs: known.at(-1) ?? null,
  };
}

const words: Readonly<Record<Source, string>> = {
  header: 'the header says so',
  row: 'a row of the table says so',
  sheet: 'the sheet of the columns says so',
  option: 'an option says so',
  nobody: 'nothing says another',
};

function columnLines(column: DescribedColumn, reading: ColumnReading | undefined): string[] {
  const { device, batchSize, unit, latencies, leftOut, smallestMs, medianMs, largestMs } = column;
  const { batchSizeFrom = 'nobody', unitFrom = 'nobody' } = reading ?? {};
  const shown = [smallestMs, medianMs, largestMs].map((ms) => (ms === null ? '' : significant(ms, 4)));
  const range = latencies === 0 ? '' : `, ${shown[0]} to ${shown[2]} ms, median ${shown[1]} ms`;
  const out = Object.entries(leftOut).map(([reason, count]) => `, ${count} left out (${reason})`);
  return [
    `  column ${quoteText(column.column)} is device ${quoteText(device)}`,
    `    batch size ${batchSize} (${words[batchSizeFrom]}), unit ${unit} (${words[unitFrom]})`,
    `    ${latencies} latencies${range}${out.join('')}`,
    ...hints(column, batchSizeFrom, unitFrom).map((hint) => `    note: ${hint}`),
  ];
}

function hints({ device, medianMs }: DescribedColumn, batchSizeFrom: Source, unitFrom: Source): string[] {
  const said: string[] = [];
  if (batchSizeFrom === 'nobody' && /_\d+$/.test(device)) {
    said.push('the number at the end of the name is not read as a batch size; --batch-size from-names does');
  }
  if (unitFrom !== 'nobody' || medianMs === null) return said;
  if (medianMs < usual.least) said.push('very short for ms: if these are seconds, --unit s');
  if (medianMs > usual.most) said.push('very long for ms: if these are microseconds, --unit us');
  return said;
}
