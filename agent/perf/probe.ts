// Asks perf what this device can count: every event alone, because one unknown event ends a whole run, and then the
// sets that fit into the hardware's counters at once.
import type { CounterName } from '#core/descriptor/counters.ts';
import { type CounterEvent, counterEvents } from './events.ts';
import { type Perf, type PerfRun, perfStat } from './perf-command.ts';
import { isUserModeOnly } from './row.ts';

export type EventStatus = 'supported' | 'unsupported' | 'not permitted';

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
const work = ['sh', '-c', 'i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done'] as const;
const timeoutS = 20;

/** Runs perf once for each counter and then for sets of them: what this device can count, and what at once. */
export async function probePerf(perf: Perf): Promise<PerfAbilities> {
  const status: Partial<Record<CounterName, EventStatus>> = {};
  const names: Partial<Record<CounterName, string>> = {};
  for (const event of counterEvents) {
    const run = await perfStat(perf, event.event, work, { timeoutS });
    status[event.counter] = judge(run, event);
    if (status[event.counter] === 'supported') {
      names[event.counter] = run.rows.find((row) => typeof row.value === 'number')!.event;
    }
  }
  const supported = counterEvents.filter((event) => status[event.counter] === 'supported');
  return {
    status: status as Record<CounterName, EventStatus>,
    names,
    software: supported.filter((event) => event.kind === 'software'),
    sets: await fittingSets(
      supported.filter((event) => event.kind === 'hardware'),
      (events) => fits(perf, events),
    ),
  };
}

/** What happens in the kernel reads 0 for one who may count in user mode only. */
export function judge(run: PerfRun, { kernelOnly }: { kernelOnly: boolean }): EventStatus {
  const counted = run.rows.find((row) => typeof row.value === 'number');
  if (counted !== undefined) return kernelOnly && isUserModeOnly(counted.event) ? 'not permitted' : 'supported';
  const said = `${run.program.stderr}\n${run.other.join('\n')}`;
  return /not permitted|permission|perf_event_paranoid|operations is limited|access to/i.test(said)
    ? 'not permitted'
    : 'unsupported';
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
async function fits(perf: Perf, events: readonly CounterEvent[]): Promise<boolean> {
  const group = `{${events.map((event) => event.event).join(',')}}`;
  const run = await perfStat(perf, group, work, { timeoutS });
  const counted = run.rows.filter((row) => typeof row.value === 'number');
  return counted.length >= events.length && counted.every((row) => (row.runningPercent ?? 100) >= 99);
}
