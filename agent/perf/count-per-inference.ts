// Counter rows of one counting window → one value per inference for each counter, or the reason why there is none.
import type { CounterName } from '#core/descriptor/counters.ts';
import type { Absence } from '#core/descriptor/descriptor.ts';
import { combineRows, rowsOf } from './combine-rows.ts';
import type { CounterEvent } from './events.ts';
import { isUserModeOnly, type PerfRow } from './row.ts';

export interface CounterValue {
  readonly value: number | Absence;
  /** Present with a number: below 100 the counter was multiplexed and the value scaled up. */
  readonly runningPercent?: number;
  readonly pmu?: string;
  /** As perf printed it. */
  readonly event: string;
  /** What counted; left out: perf. */
  readonly source?: 'cachegrind';
}

/** @param runs inferences inside the counting window, at least 1. */
export function countPerInference(
  rows: readonly PerfRow[],
  events: readonly CounterEvent[],
  runs: number,
): Map<CounterName, CounterValue> {
  return new Map(events.map((event) => [event.counter, countOf(rowsOf(rows, event), event, runs)]));
}

function countOf(rows: readonly PerfRow[], event: CounterEvent, runs: number): CounterValue {
  const count = combineRows(rows);
  if (count === undefined) {
    // One PMU of a hybrid part may know an event that the other does not: it could have counted.
    const isUnsupported = rows.length > 0 && rows.every((row) => row.value === 'unsupported');
    return { value: isUnsupported ? 'unsupported' : 'not-counted', event: rows[0]?.event ?? event.event };
  }
  if (event.kernelOnly && rows.some((row) => isUserModeOnly(row.event))) {
    return { value: 'not-counted', event: count.event };
  }
  const { runningPercent, pmu } = count;
  return {
    value: count.value / runs,
    event: count.event,
    ...(runningPercent !== undefined && runningPercent > 0 ? { runningPercent } : {}),
    ...(pmu === undefined ? {} : { pmu }),
  };
}
