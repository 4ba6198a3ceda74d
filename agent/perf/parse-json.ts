// Reads `perf stat -j`: one JSON object a line, perf-stat(1), JSON FORMAT. `counter-value` is a string; other numbers
// are numbers in 6.1 and quoted later. Total: any text gives rows and other lines, never an error.
import * as z from 'zod';
import { jsonOrUndefined } from '../json-or-undefined.ts';
import { counterValue, decimal, type PerfOutput, type PerfRow } from './row.ts';

/** printf's `nan` and `-inf` outside quotes, which no JSON has: perf prints them for metrics of a count of 0. */
const noNumber = /(:\s*)-?(?:nan|inf)\b/gi;

/** A number, or a number in quotes; `nan` and the like read as absent. */
const loose = z
  .union([z.number(), z.string(), z.null().transform(() => 'nan')])
  .transform((value) => (typeof value === 'number' ? (Number.isFinite(value) ? value : undefined) : decimal(value)))
  .optional();

// Not strict: perf adds keys with almost every version.
const rowSchema = z.object({
  'counter-value': z.string(),
  event: z.string().min(1),
  unit: z.string().default(''),
  'event-runtime': loose,
  'pcnt-running': loose,
  variance: loose,
  interval: loose,
  core: z.string().optional(),
  die: z.string().optional(),
  socket: z.string().optional(),
  node: z.string().optional(),
  thread: z.string().optional(),
  cpu: z.string().optional(),
});

/** Rows of `perf stat -j`, and the lines that are none. Total. */
export function parsePerfJson(text: string): PerfOutput {
  const rows: PerfRow[] = [];
  const other: string[] = [];
  for (const line of text.split(/\r?\n/)) {
    if (line.trim() === '') continue;
    const row = parseLine(line);
    if (row === undefined) other.push(line);
    else rows.push(row);
  }
  return { rows, other };
}

function parseLine(line: string): PerfRow | undefined {
  const parsed = rowSchema.safeParse(jsonOrUndefined(line.replace(noNumber, '$1null')));
  if (!parsed.success) return undefined;
  const row = parsed.data;
  const value = counterValue(row['counter-value'], row['event-runtime']);
  if (value === undefined) return undefined;
  const aggregate = row.core ?? row.cpu ?? row.die ?? row.socket ?? row.node ?? row.thread;
  return {
    event: row.event,
    value,
    unit: row.unit,
    runtimeNs: row['event-runtime'],
    runningPercent: row['pcnt-running'],
    ...(row.variance === undefined ? {} : { variancePercent: row.variance }),
    ...(row.interval === undefined ? {} : { intervalS: row.interval }),
    ...(aggregate === undefined ? {} : { aggregate }),
  };
}
