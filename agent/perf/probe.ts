// Asks perf what this device can count: every event alone, because one unknown event ends a whole run, and then the
// sets that fit into the hardware's counters at once.
import type { CounterName } from '#core/descriptor/counters.ts';
import { pin } from '../worker/run-job.ts';
import { combineRows, rowsOf } from './combine-rows.ts';
import { type CounterEvent, counterEvents } from './events.ts';
import { type Perf, type PerfRun, perfStat } from './perf-command.ts';
import { isUserModeOnly, type PerfRow } from './row.ts';

/** `not counted`: perf knows the event, but no PMU counted it on the processors that measurements are pinned to. */
export type EventStatus = 'supported' | 'unsupported' | 'not permitted' | 'not counted';

export interface PerfAbilities {
  readonly status: Readonly<Record<CounterName, EventStatus>>;
  /** As perf names the event here, with its PMU and modifiers; supported ones only. */
  readonly names: Readonly<Partial<Record<CounterName, string>>>;
  /** Software events, which never compete for a counter. */
  readonly software: readonly CounterEvent[];
  /** Hardware events in sets that each run without multiplexing; the first is the largest. */
  readonly sets: readonly (readonly CounterEvent[])[];
}

/** Busy for some 10 ms, in user mode, without a runtime to start. */
const busy = ['sh', '-c', 'i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done'] as const;
const timeoutS = 20;

/** Runs perf once for each counter and then for sets of them: what this device can count, and what at once.
 * @param cpus processors that a measurement will be pinned to, so that the same kind of core is asked; undefined:
 * any */
export async function probePerf(perf: Perf, cpus?: readonly number[]): Promise<PerfAbilities> {
  const work = [...pin(cpus), ...busy];
  const status: Partial<Record<CounterName, EventStatus>> = {};
  const names: Partial<Record<CounterName, string>> = {};
  const supported: CounterEvent[] = [];
  for (const event of counterEvents) {
    const run = await perfStat(perf, event.event, work, { timeoutS });
    status[event.counter] = judge(run, event);
    if (status[event.counter] !== 'supported') continue;
    names[event.counter] = combineRows(run.rows)!.event;
    // All rows are about the one event that was asked for.
    supported.push({ ...event, printedAs: [...new Set(run.rows.map((row) => row.event))] });
  }
  return {
    status: status as Record<CounterName, EventStatus>,
    names,
    software: supported.filter((event) => event.kind === 'software'),
    sets: await fittingSets(
      supported.filter((event) => event.kind === 'hardware'),
      (events) => fits(perf, events, work),
    ),
  };
}

/** What a run that asked for one event alone says of it. What happens in the kernel reads 0 for one who may count in
 * user mode only. */
export function judge({ rows, program, other }: PerfRun, { kernelOnly }: { kernelOnly: boolean }): EventStatus {
  if (combineRows(rows) !== undefined) {
    return kernelOnly && rows.some((row) => isUserModeOnly(row.event)) ? 'not permitted' : 'supported';
  }
  const said = `${program.stderr}\n${other.join('\n')}`;
  if (/not permitted|permission|perf_event_paranoid|operations is limited|access to/i.test(said))
    return 'not permitted';
  return rows.some((row) => row.value === 'not-counted') ? 'not counted' : 'unsupported';
}

/** Greedy: each event joins the first set that still fits with it. Events that do not even fit alone are left out. */
export async function fittingSets(
  events: readonly CounterEvent[],
  doFit: (events: readonly CounterEvent[]) => Promise<boolean>,
): Promise<CounterEvent[][]> {
  const sets: CounterEvent[][] = [];
  for (const event of events) {
    let placed = false;
    for (const set of sets) {
      if (await doFit([...set, event])) {
        set.push(event);
        placed = true;
        break;
      }
    }
    if (!placed && (await doFit([event]))) sets.push([event]);
  }
  return sets.sort((a, b) => b.length - a.length);
}

/** As a group the events run together or not at all. */
async function fits(perf: Perf, events: readonly CounterEvent[], work: readonly string[]): Promise<boolean> {
  const group = `{${events.map((event) => event.event).join(',')}}`;
  const run = await perfStat(perf, group, work, { timeoutS });
  return ranTogether(run.rows, events);
}

/** Whether each of the events counted all the time, on one PMU or on several in turn. */
export function ranTogether(rows: readonly PerfRow[], events: readonly CounterEvent[]): boolean {
  return events.every((event) => {
    const counted = rowsOf(rows, event).filter((row) => typeof row.value === 'number');
    const percent = counted.reduce((sum, row) => sum + (row.runningPercent ?? 100), 0);
    // Each row is rounded down by up to one.
    return counted.length > 0 && percent >= 100 - counted.length;
  });
}
