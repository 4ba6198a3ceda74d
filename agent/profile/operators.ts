// One operator of the descriptor: its latency and its counters. Counters that do not fit into the hardware at once are
// counted in several processes, so that none is multiplexed.
import type { CounterName } from '#core/descriptor/counters.ts';
import type { Operator } from '#core/descriptor/descriptor.ts';
import { DomainError } from '#core/errors.ts';
import type { LatencySummary } from '#core/statistics/latency-summary.ts';
import { countInferences } from '../cachegrind/count-inferences.ts';
import type { Valgrind } from '../cachegrind/valgrind.ts';
import { type CounterValue, countPerInference } from '../perf/count-per-inference.ts';
import { type CounterEvent, counterEvents } from '../perf/events.ts';
import type { Perf } from '../perf/perf-command.ts';
import type { PerfAbilities } from '../perf/probe.ts';
import type { MeasuredLatency, MeasureRequest, Runtime } from '../runtimes/runtime.ts';

interface PerfCounting {
  readonly perf: Perf;
  readonly abilities: PerfAbilities;
}

/** What counts, and what it can. */
export type Counting = PerfCounting | { readonly valgrind: Valgrind };

/** Counted for this long in each process. */
const windowMs = 300;

export interface MeasuredOperator {
  readonly operator: Operator;
  /** What each counter stood for, where it counted. */
  readonly events: ReadonlyMap<CounterName, CounterValue>;
  /** How long an engine was built for it, s. */
  readonly builtS?: number;
  readonly failure?: string;
}

/** @param counting undefined: no counters can be had; every one of them is `unsupported`. */
export async function measureOperator(
  runtime: Runtime,
  request: MeasureRequest,
  counting: Counting | undefined,
): Promise<MeasuredOperator> {
  if (counting === undefined || 'perf' in counting) return measureWithPerf(runtime, request, counting);
  const measured = await measureWithPerf(runtime, request, undefined);
  if (typeof measured.operator.latency === 'string') return measured;
  return countedByCachegrind(counting.valgrind, request, measured);
}

/** An operator that was measured, with counters of its own processes; where they cannot be had, why not. */
async function countedByCachegrind(
  valgrind: Valgrind,
  request: MeasureRequest,
  { operator, ...measured }: MeasuredOperator,
): Promise<MeasuredOperator> {
  try {
    const { medianMs } = operator.latency as LatencySummary;
    const events = await countInferences(valgrind, request, medianMs);
    const counted = Object.fromEntries(Array.from(events, ([counter, { value }]) => [counter, value] as const));
    return { ...measured, operator: { ...operator, counters: { ...operator.counters, ...counted } }, events };
  } catch (error) {
    if (!(error instanceof DomainError) || error.code === 'cancelled') throw error;
    return { ...measured, operator, failure: error.message };
  }
}

async function measureWithPerf(
  runtime: Runtime,
  request: MeasureRequest,
  counting: PerfCounting | undefined,
): Promise<MeasuredOperator> {
  const rounds = counting === undefined ? [] : countingRounds(counting.abilities);
  try {
    const first = await runtime.measure(withCounting(request, counting?.perf, rounds[0]));
    const values = new Map<CounterName, CounterValue>();
    collect(values, first, rounds[0]);
    // Further rounds only count: a short sampling is enough to know how many runs fill the window.
    const sampling = { ...request.rule.sampling, minRuns: 5, maxRuns: 5, minMs: 0 };
    const short = { ...request, rule: { ...request.rule, sampling } };
    for (const round of rounds.slice(1)) {
      collect(values, await runtime.measure(withCounting(short, counting?.perf, round)), round);
    }
    const built = first.builtS === undefined ? {} : { builtS: first.builtS };
    return { operator: asOperator(first, values, counting), events: values, ...built };
  } catch (error) {
    if (!(error instanceof DomainError) || error.code === 'cancelled') throw error;
    // A program that refuses the operator cannot run it; one that hung or printed nonsense might.
    const latency = error.code === 'program-failed' ? 'unsupported' : 'not-counted';
    const counters = Object.fromEntries(counterEvents.map(({ counter }) => [counter, latency] as const));
    return {
      operator: { latency, runs: null, counters, runningPercent: {} },
      events: new Map(),
      failure: error.message,
    };
  }
}

/** Software events with the first set of hardware events, then the other sets. */
function countingRounds(abilities: PerfAbilities): (readonly CounterEvent[])[] {
  const [first = [], ...others] = abilities.sets;
  const all = [[...abilities.software, ...first], ...others];
  return all.filter((round) => round.length > 0);
}

function withCounting(
  request: MeasureRequest,
  perf: Perf | undefined,
  round: readonly CounterEvent[] | undefined,
): MeasureRequest {
  if (perf === undefined || round === undefined) return request;
  return { ...request, counting: { perf, events: round.map((event) => event.event), windowMs } };
}

function collect(
  values: Map<CounterName, CounterValue>,
  measured: MeasuredLatency,
  round: readonly CounterEvent[] | undefined,
): void {
  if (round === undefined || measured.countedRuns === 0) return;
  for (const [counter, value] of countPerInference(measured.rows, round, measured.countedRuns)) {
    values.set(counter, value);
  }
}

function asOperator(
  measured: MeasuredLatency,
  values: ReadonlyMap<CounterName, CounterValue>,
  counting: PerfCounting | undefined,
): Operator {
  const counters: Operator['counters'] = {};
  const runningPercent: Operator['runningPercent'] = {};
  for (const { counter } of counterEvents) {
    const value = values.get(counter);
    // Not permitted: the device could, this agent may not.
    const couldCount = counting !== undefined && counting.abilities.status[counter] !== 'unsupported';
    counters[counter] = value?.value ?? (couldCount ? 'not-counted' : 'unsupported');
    if (typeof value?.value === 'number' && value.runningPercent !== undefined) {
      runningPercent[counter] = value.runningPercent;
    }
  }
  return { latency: measured.latency, runs: measured.runs, stable: measured.stable, counters, runningPercent };
}
