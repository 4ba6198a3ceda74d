// The counters of a descriptor as events of `perf stat`, and what is known of each before perf is asked.
import { type CounterName, counterNames } from '#core/descriptor/counters.ts';

export interface CounterEvent {
  readonly counter: CounterName;
  /** As given to `perf stat -e`. */
  readonly event: string;
  readonly kind: 'hardware' | 'software';
  /** Software events that happen inside the kernel: counted in user mode only (`:u`), they read 0 whatever happens. */
  readonly kernelOnly: boolean;
}

const software = new Set<CounterName>(['cpu-migrations', 'context-switches', 'page-faults', 'task-clock-ms']);
const kernelOnly = new Set<CounterName>(['cpu-migrations', 'context-switches']);

export const counterEvents: readonly CounterEvent[] = counterNames.map((counter) => ({
  counter,
  event: counter === 'task-clock-ms' ? 'task-clock' : counter,
  kind: software.has(counter) ? 'software' : 'hardware',
  kernelOnly: kernelOnly.has(counter),
}));
