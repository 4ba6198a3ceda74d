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
 * any
 * @param pmus those of the processors, asked by name where the generic event counts nothing on these cores */
export async function probePerf(
  perf: Perf,
  cpus?: readonly number[],
  pmus: readonly string[] = [],
): Promise<PerfAbilities> {
  const work = [...pin(cpus), ...busy];
  const status: Partial<Record<CounterName, EventStatus>> = {};
  const names: Partial<Record<CounterName, string>> = {};
  const supported: CounterEvent[] = [];
  for (const event of counterEvents) {
    const ask = async (text: string): Promise<PerfRun> => perfStat(perf, text, work, { timeoutS });
    const asked = await askForEvent(event, pmus, ask);
    status[event.counter] = asked.status;
    if (asked.status !== 'supported') continue;
    names[event.counter] = combineRows(asked.rows)!.event;
    // All rows are about the one event that was asked for.
    supported.push({ ...event, event: asked.text, printedAs: [...new Set(asked.rows.map((row) => row.event))] });
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

/** Arm's names of the generic events, as its PMUs list them: Arm Architecture Reference Manual, D13.12. */
const armNames: Readonly<Partial<Record<CounterName, string>>> = {
  'cpu-cycles': 'cpu_cycles',
  instructions: 'inst_retired',
  'cache-references': 'l1d_cache',
  'cache-misses': 'l1d_cache_refill',
  'L1-dcache-loads': 'l1d_cache',
  'L1-dcache-load-misses': 'l1d_cache_refill',
  'LLC-loads': 'll_cache_rd',
  'LLC-load-misses': 'll_cache_miss_rd',
};

interface Asked {
  readonly status: EventStatus;
  /** The event as it counts here. */
  readonly text: string;
  readonly rows: readonly PerfRow[];
}

/** Kernels before 6.6 open a generic event on one PMU of a big.LITTLE part alone: on cores of the other kind it counts
 * nothing until it is asked for by the name of their PMU. */
async function askForEvent(
  event: CounterEvent,
  pmus: readonly string[],
  ask: (text: string) => Promise<PerfRun>,
): Promise<Asked> {
  const run = await ask(event.event);
  const generic: Asked = { status: judge(run, event), text: event.event, rows: run.rows };
  const name = armNames[event.counter];
  if (generic.status !== 'not counted' || name === undefined || pmus.length < 2) return generic;
  for (const pmu of pmus) {
    const text = `${pmu}/${name}/`;
    const own = await ask(text);
    if (judge(own, event) === 'supported') return { status: 'supported', text, rows: own.rows };
  }
  return generic;
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
