// The rows of one event → one count. A processor with several kinds of cores has a PMU for each, and perf prints a row
// for each of them: `cpu_core/cycles/` and `cpu_atom/cycles/`.
import type { CounterEvent } from './events.ts';
import { eventName, type PerfRow } from './row.ts';

/** A count over all kinds of cores that the process ran on. */
export interface CombinedCount {
  readonly value: number;
  /** Share of the time that one of the PMUs was counting, percent; undefined where perf does not say. */
  readonly runningPercent: number | undefined;
  /** As perf printed them, ` + ` between several. */
  readonly event: string;
  /** PMUs that counted, `+` between several; undefined where perf names none. */
  readonly pmu: string | undefined;
}

/** What the kernel's PMUs and later versions of perf call the generic events. */
const otherNames: Readonly<Record<string, readonly string[]>> = {
  'cpu-cycles': ['cycles', 'cpu_cycles'],
  instructions: ['inst_retired'],
};

/** The rows that are about an event, whatever PMU, modifiers and spelling they come back with; one for each PMU. */
export function rowsOf(rows: readonly PerfRow[], { event, printedAs }: CounterEvent): PerfRow[] {
  const known = [event, ...(otherNames[event] ?? []), ...(printedAs ?? []).map((text) => eventName(text).name)];
  const names = known.map((name) => name.toLowerCase());
  const own = rows.filter((row) => row.event === event || names.includes(eventName(row.event).name.toLowerCase()));
  // Two counters may stand for one event of the PMU, and perf then prints the same row twice.
  return own.filter((row, i) => own.findIndex((other) => other.event === row.event) === i);
}

/** Sums what was counted; a PMU on whose cores nothing ran adds nothing.
 *
 * perf scales every row up as if its PMU had been counting all the time. Where PMUs took turns, because the process
 * moved between kinds of cores, each row is scaled back to its own share of the time before it is added. Where each
 * counted all the time, the rows are added as they are.
 * @returns undefined where none of the rows holds a number */
export function combineRows(rows: readonly PerfRow[]): CombinedCount | undefined {
  const counted = rows.filter((row): row is PerfRow & { value: number } => typeof row.value === 'number');
  if (counted.length === 0) return undefined;
  const percents = counted.map((row) => row.runningPercent);
  const isKnown = percents.every((percent) => percent !== undefined);
  const totalPercent = percents.reduce<number>((sum, percent) => sum + (percent ?? 0), 0);
  const shares = counted.length > 1 && isKnown && tookTurns(totalPercent) ? sharesOfTime(counted) : undefined;
  const pmus = new Set(counted.map((row) => eventName(row.event).pmu).filter((pmu) => pmu !== undefined));
  return {
    value: counted.reduce((sum, row, i) => sum + row.value * (shares?.[i] ?? 1), 0),
    runningPercent: !isKnown || totalPercent === 0 ? undefined : percentOf(percents as number[], shares !== undefined),
    event: counted.map((row) => row.event).join(' + '),
    pmu: pmus.size === 0 ? undefined : [...pmus].join('+'),
  };
}

/** PMUs that take turns have at most the whole time together; perf rounds each. */
function tookTurns(totalPercent: number): boolean {
  return totalPercent > 0 && totalPercent <= 102;
}

function percentOf(percents: readonly number[], isSum: boolean): number {
  return isSum
    ? Math.min(
        100,
        percents.reduce((sum, percent) => sum + percent),
      )
    : Math.min(...percents);
}

/** By the time that each counter was running, which perf prints in ns; the percentages may be cut to whole numbers. */
function sharesOfTime(rows: readonly PerfRow[]): number[] {
  const byTime = rows.every((row) => row.runtimeNs !== undefined && row.runtimeNs > 0);
  const weights = rows.map((row) => (byTime ? row.runtimeNs! : row.runningPercent!));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return weights.map((weight) => weight / total);
}
