// Counter rows of one counting window → one value per inference for each counter, or the reason why there is none.
import type { CounterName } from '#core/descriptor/counters.ts';
import type { Absence } from '#core/descriptor/descriptor.ts';
import type { CounterEvent } from './events.ts';
import { eventName, isUserModeOnly, type PerfRow } from './row.ts';

export interface CounterValue {
  readonly value: number | Absence;
  /** Present with a number: below 100 the counter was multiplexed and the value scaled up. */
  readonly runningPercent?: number;
  readonly pmu?: string;
  /** As perf printed it. */
  readonly event: string;
}

/** @param runs inferences inside the counting window, at least 1. */
export function countPerInference(
  rows: readonly PerfRow[],
  events: readonly CounterEvent[],
  runs: number,
): Map<CounterName, CounterValue> {
  const values = new Map<CounterName, CounterValue>();
  for (const event of events) {
    const own = rows.filter((row) => matches(row, event.event));
    const counted = own.filter((row) => typeof row.value === 'number');
    const row = counted[0];
    if (row === undefined || typeof row.value !== 'number') {
      // One PMU of a hybrid part may know an event that the other does not: it could have counted.
      const absent = own.length > 0 && own.every((r) => r.value === 'unsupported') ? 'unsupported' : 'not-counted';
      values.set(event.counter, { value: absent, event: own[0]?.event ?? event.event });
    } else if (counted.length > 1) {
      // It ran on more than one kind of core; perf scales each up as if it had run there all the time.
      values.set(event.counter, { value: 'not-counted', event: row.event });
    } else if (event.kernelOnly && isUserModeOnly(row.event)) {
      values.set(event.counter, { value: 'not-counted', event: row.event });
    } else {
      const { pmu } = eventName(row.event);
      values.set(event.counter, {
        value: row.value / runs,
        event: row.event,
        ...(row.runningPercent !== undefined && row.runningPercent > 0 ? { runningPercent: row.runningPercent } : {}),
        ...(pmu === undefined ? {} : { pmu }),
      });
    }
  }
  return values;
}

/** perf prints `cycles` for `cpu-cycles`, and adds modifiers and the PMU. */
function matches(row: PerfRow, event: string): boolean {
  const { name } = eventName(row.event);
  return row.event === event || name === event || (event === 'cpu-cycles' && name === 'cycles');
}
