// Counters of a model by cachegrind, per inference: two processes that differ in the number of inferences alone, and
// the difference of what they counted. Start, loading and warming up cancel.
import type { CounterName } from '#core/descriptor/counters.ts';
import type { CounterValue } from '../perf/count-per-inference.ts';
import type { MeasureRequest } from '../runtimes/runtime.ts';
import { moduleFile } from '../worker/load-module.ts';
import { pin } from '../worker/run-job.ts';
import { inferencesCommand } from './inferences-only.ts';
import type { CachegrindTotals } from './totals.ts';
import { countUnderCachegrind, simulatedCaches, type Valgrind } from './valgrind.ts';

/** What of cachegrind's events each counter is, as perf's generic events are meant on Linux. */
const counterOf: Readonly<Partial<Record<CounterName, readonly (keyof CachegrindTotals)[]>>> = {
  instructions: ['Ir'],
  'cache-references': ['I1mr', 'D1mr', 'D1mw'],
  'cache-misses': ['ILmr', 'DLmr', 'DLmw'],
  'L1-dcache-loads': ['Dr'],
  'L1-dcache-load-misses': ['D1mr'],
  'LLC-loads': ['D1mr'],
  'LLC-load-misses': ['DLmr'],
  'LLC-stores': ['D1mw'],
  'LLC-store-misses': ['DLmw'],
};

/** The first inferences allocate, and the second plan their memory. */
const warmRuns = 2;
const mostRuns = 10;
/** Milliseconds of inferences, as they take without cachegrind, that are enough. */
const enoughMs = 40;
const slowdown = 100;

/** @param latencyMs of one inference without cachegrind
 * @throws DomainError `program-missing`, `program-failed`, `program-timeout`, `cancelled` */
export async function countInferences(
  valgrind: Valgrind,
  { modelPath, settings, cpus, timeoutS, signal }: MeasureRequest,
  latencyMs: number,
): Promise<Map<CounterName, CounterValue>> {
  const counted = Math.min(Math.max(Math.ceil(enoughMs / latencyMs), 2), mostRuns);
  const count = (runs: number): Promise<CachegrindTotals> => {
    const { graphOptimization } = settings;
    const job = { modulePath: moduleFile('onnxruntime-node'), modelPath, graphOptimization, runs };
    const options = { timeoutS: timeoutS + (slowdown * runs * latencyMs) / 1000, ...(signal && { signal }) };
    return countUnderCachegrind(valgrind, inferencesCommand(job), options, pin(cpus));
  };
  const before = await count(warmRuns);
  const after = await count(warmRuns + counted);
  return perInference(before, after, counted);
}

/** @param runs by how many inferences the second counted more */
export function perInference(
  before: CachegrindTotals,
  after: CachegrindTotals,
  runs: number,
): Map<CounterName, CounterValue> {
  const { first, last } = simulatedCaches;
  return new Map(
    Object.entries(counterOf).map(([counter, events]) => {
      const sum = (totals: CachegrindTotals): number => events.reduce((total, event) => total + totals[event], 0);
      // Simulated misses of a process's end may be some fewer after more runs.
      const value = Math.max(sum(after) - sum(before), 0) / runs;
      const event = `${events.join('+')} with L1 ${first}, LL ${last}`;
      return [counter as CounterName, { value, event, source: 'cachegrind' as const }];
    }),
  );
}
